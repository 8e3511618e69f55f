#include "event_queue.h"

#include <stdio.h>
#include <string.h>

#include "surface.h"

namespace shade {

void EventQueue::add(const char* name, const char* data) {
  if (count_ == kCapacity) {
    size_t victim = 0;
    for (size_t i = 0; i < count_; ++i) {
      if (strcmp(entries_[i].name, event::moved) == 0) {
        victim = i;
        break;
      }
    }
    remove(victim);
    ++dropped_;
  }
  entries_[count_].name = name;
  snprintf(entries_[count_].data, kMaxData, "%s", data);
  ++count_;
}

void EventQueue::tick() {
  if (count_ == 0 || !publisher_.ready()) return;
  uint32_t now = clock_.now_ms();
  if (resting_ && now - rest_since_ms_ < rest_ms_) return;
  bool accepted = publisher_.publish(entries_[0].name, entries_[0].data);
  if (accepted) remove(0);
  resting_ = true;
  rest_since_ms_ = now;
  rest_ms_ = accepted ? kSpacingMs : kRetryMs;
}

void EventQueue::remove(size_t index) {
  --count_;
  memmove(&entries_[index], &entries_[index + 1], (count_ - index) * sizeof(Entry));
}

}  // namespace shade
