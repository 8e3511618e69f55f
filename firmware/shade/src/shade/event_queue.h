// Events waiting for the cloud, in order, at a rate it accepts, until it has acknowledged them. They wait in memory
// that a reset leaves as it is.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "publisher.h"

namespace shade {

// One of the queue's places. Whatever is in it at the start is an event if its checksum says so.
struct WaitingEvent {
  uint32_t checksum;
  char name[36];  // empty: none
  char data[160];
};

class EventQueue {
 public:
  static constexpr size_t kCapacity = 6;
  static constexpr size_t kMaxData = sizeof(WaitingEvent::data);
  // Device OS 2.3.1 refuses an event when the oldest of the last five attempts is less than a second old.
  static constexpr uint32_t kSpacingMs = 300;
  static constexpr uint32_t kRetryMs = 1000;
  // After which an acknowledgement is not waited for any more; Device OS gives up after less.
  static constexpr uint32_t kAcknowledgedMs = 60000;

  // Finds what waited before a reset.
  EventQueue(Publisher& publisher, Clock& clock);

  // Copies both. Full: the oldest of the least important gives way, but not one that is on its way.
  void add(const char* name, const char* data);
  void tick();
  void clear();

  size_t waiting() const { return count_; }
  uint32_t dropped() const { return dropped_; }

 private:
  void send(uint32_t now);
  void wait_for_answer(uint32_t now);
  void rest(uint32_t now, uint32_t ms);
  void remove(size_t index);

  Publisher& publisher_;
  Clock& clock_;
  WaitingEvent* const places_;
  size_t count_ = 0;
  uint32_t dropped_ = 0;
  bool sending_ = false;  // the first one
  uint32_t sent_ms_ = 0;
  bool resting_ = false;
  uint32_t rest_since_ms_ = 0;
  uint32_t rest_ms_ = 0;
};

}  // namespace shade
