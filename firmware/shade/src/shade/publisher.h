// Where events go.
#pragma once

namespace shade {

class Publisher {
 public:
  virtual bool ready() = 0;  // the cloud is connected
  // False when refused; the event is kept and tried again later.
  virtual bool publish(const char* name, const char* data) = 0;

 protected:
  ~Publisher() = default;
};

}  // namespace shade
