// The light `identify` blinks with.
#pragma once

namespace shade {

class Indicator {
 public:
  virtual void show(bool lit) = 0;
  virtual void release() = 0;  // back to what it showed before

 protected:
  ~Indicator() = default;
};

}  // namespace shade
