// Where events go.
#pragma once

namespace shade {

struct WaitingEvent;

class Publisher {
 public:
  enum class Sent { Waiting, Arrived, Lost };

  // Places for EventQueue::kCapacity events, in memory that a reset leaves as it is.
  virtual WaitingEvent* places() = 0;
  virtual bool ready() = 0;  // the cloud is connected
  // False when refused; the event is kept and tried again later. One at a time.
  virtual bool publish(const char* name, const char* data) = 0;
  // What became of the last one: whether the cloud has acknowledged it.
  virtual Sent sent() { return Sent::Arrived; }

 protected:
  ~Publisher() = default;
};

}  // namespace shade
