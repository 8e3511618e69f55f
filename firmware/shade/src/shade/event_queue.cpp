#include "event_queue.h"

#include <stdio.h>
#include <string.h>

#include "crc32.h"
#include "surface.h"

namespace shade {

namespace {

uint32_t checksum_of(const WaitingEvent& event) {
  const uint8_t* from = reinterpret_cast<const uint8_t*>(&event) + sizeof event.checksum;
  return crc32(from, sizeof event - sizeof event.checksum);
}

bool valid(const WaitingEvent& event) { return event.name[0] != '\0' && event.checksum == checksum_of(event); }

// What is lost first: a place between others, then what the next start says again, last what nobody else tells.
int importance(const char* name) {
  if (strcmp(name, event::moved) == 0 || strcmp(name, event::tilted) == 0) return 0;
  return strcmp(name, event::fault) == 0 || strcmp(name, event::owner) == 0 ? 2 : 1;
}

}  // namespace

EventQueue::EventQueue(Publisher& publisher, Clock& clock)
    : publisher_(publisher), clock_(clock), places_(publisher.places()) {
  for (size_t i = 0; i < kCapacity; ++i)
    if (valid(places_[i])) places_[count_++] = places_[i];
  for (size_t i = count_; i < kCapacity; ++i) places_[i].name[0] = '\0';
}

void EventQueue::add(const char* name, const char* data) {
  if (count_ == kCapacity) {
    size_t victim = sending_ ? 1 : 0;
    for (size_t i = victim + 1; i < count_; ++i)
      if (importance(places_[i].name) < importance(places_[victim].name)) victim = i;
    remove(victim);
    ++dropped_;
  }
  WaitingEvent& place = places_[count_];
  memset(&place, 0, sizeof place);
  snprintf(place.name, sizeof place.name, "%s", name);
  snprintf(place.data, sizeof place.data, "%s", data);
  place.checksum = checksum_of(place);
  ++count_;
}

void EventQueue::clear() {
  memset(places_, 0, kCapacity * sizeof *places_);
  count_ = 0;
  sending_ = false;
}

void EventQueue::tick() {
  uint32_t now = clock_.now_ms();
  if (sending_) return wait_for_answer(now);
  if (count_ == 0 || !publisher_.ready()) return;
  if (resting_ && now - rest_since_ms_ < rest_ms_) return;
  send(now);
}

void EventQueue::send(uint32_t now) {
  sending_ = publisher_.publish(places_[0].name, places_[0].data);
  sent_ms_ = now;
  rest(now, sending_ ? kSpacingMs : kRetryMs);
  if (sending_) wait_for_answer(now);
}

void EventQueue::wait_for_answer(uint32_t now) {
  Publisher::Sent sent = publisher_.sent();
  if (sent == Publisher::Sent::Waiting && now - sent_ms_ < kAcknowledgedMs) return;
  sending_ = false;
  if (sent == Publisher::Sent::Arrived)
    remove(0);
  else
    rest(now, kRetryMs);
}

void EventQueue::rest(uint32_t now, uint32_t ms) {
  resting_ = true;
  rest_since_ms_ = now;
  rest_ms_ = ms;
}

void EventQueue::remove(size_t index) {
  --count_;
  memmove(&places_[index], &places_[index + 1], (count_ - index) * sizeof *places_);
  places_[count_].name[0] = '\0';
}

}  // namespace shade
