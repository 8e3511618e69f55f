// Events waiting for the cloud, in order, at a rate it accepts.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "publisher.h"

namespace shade {

class EventQueue {
 public:
  static constexpr size_t kCapacity = 6;
  static constexpr size_t kMaxData = 160;
  // Device OS 2.3.1 refuses an event when the oldest of the last five attempts is less than a second old.
  static constexpr uint32_t kSpacingMs = 300;
  static constexpr uint32_t kRetryMs = 1000;

  EventQueue(Publisher& publisher, Clock& clock) : publisher_(publisher), clock_(clock) {}

  // `name` must stay where it is; `data` is copied. Full: the oldest shade/moved gives way, else the oldest of all.
  void add(const char* name, const char* data);
  void tick();

  size_t waiting() const { return count_; }
  uint32_t dropped() const { return dropped_; }

 private:
  struct Entry {
    const char* name;
    char data[kMaxData];
  };

  void remove(size_t index);

  Publisher& publisher_;
  Clock& clock_;
  Entry entries_[kCapacity];
  size_t count_ = 0;
  uint32_t dropped_ = 0;
  bool resting_ = false;
  uint32_t rest_since_ms_ = 0;
  uint32_t rest_ms_ = 0;
};

}  // namespace shade
