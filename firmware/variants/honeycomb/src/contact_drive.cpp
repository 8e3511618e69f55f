#include "contact_drive.h"

using shade::Fault;

void ContactDrive::Switch::begin() {
  pinMode(pin_, INPUT_PULLUP);
  closed_ = !digitalRead(pin_);
  if (!attached_) attached_ = attachInterrupt(pin_, &ContactDrive::Switch::changed, this, CHANGE);
}

void ContactDrive::Switch::tick(uint32_t now_ms) {
  if (static_cast<int32_t>(now_ms - changed_ms_ - kDebounceMs) >= 0) closed_ = !digitalRead(pin_);
}

uint32_t ContactDrive::Switch::due_in(uint32_t now_ms) const {
  if (!digitalRead(pin_) == closed_) return kNothingDue;
  uint32_t still = now_ms - changed_ms_;
  return still >= kDebounceMs ? 0 : kDebounceMs - still;
}

bool ContactDrive::begin() {
  for (pin_t pin : {pins_.up, pins_.stop, pins_.down}) {
    digitalWrite(pin, LOW);
    pinMode(pin, OUTPUT);
    digitalWrite(pin, LOW);
  }
  open_end_.begin();
  closed_end_.begin();
  return true;
}

bool ContactDrive::run(const shade::Leg& leg) {
  cut_ = false;
  if (both_ends()) {
    found_ = Fault::Contradiction;
    return false;
  }
  bool opens = leg.direction == shade::Direction::Open;
  Switch& behind = opens ? closed_end_ : open_end_;
  left_ = behind.closed() ? &behind : nullptr;
  sought_ = opens ? &open_end_ : &closed_end_;
  run_ms_ = millis();
  press(opens ? pins_.up : pins_.down);
  return true;
}

bool ContactDrive::stop() {
  cut_ = false;
  found_ = Fault::None;
  left_ = nullptr;
  sought_ = nullptr;
  press(pins_.stop);
  return true;
}

void ContactDrive::cut() {
  ATOMIC_BLOCK() {
    cut_ = true;
    bool stopping = pressed_ == pins_.stop;
    if (!stopping || millis() - pressed_ms_ >= kPressMs) release();
    if (!stopping) hold(pins_.stop);
  }
}

// The controller has stopped its motor by itself.
bool ContactDrive::at_end() {
  left_ = nullptr;
  sought_ = nullptr;
  return true;
}

void ContactDrive::press(pin_t contact) {
  // Never two at once, whoever comes in between.
  ATOMIC_BLOCK() {
    if (!cut_) {
      release();
      hold(contact);
    }
  }
}

void ContactDrive::hold(pin_t contact) {
  digitalWrite(contact, HIGH);
  pressed_ = contact;
  pressed_ms_ = millis();
}

void ContactDrive::release() {
  for (pin_t pin : {pins_.up, pins_.stop, pins_.down}) digitalWrite(pin, LOW);
  pressed_ = kNone;
}

void ContactDrive::tick(uint32_t now_ms) {
  for (Switch* each : {&open_end_, &closed_end_}) {
    bool was_closed = each->closed();
    each->tick(now_ms);
    if (each->closed() && !was_closed) each->proven = each == sought_ && each->closed_since(run_ms_);
  }
  // As timer and loop both come here: the one that is late must not let go of what the other has just pressed.
  ATOMIC_BLOCK() {
    if (powered() && static_cast<int32_t>(now_ms - pressed_ms_ - kPressMs) >= 0) release();
  }
  if (both_ends()) found_ = Fault::Contradiction;
  if (left_ && !left_->closed()) left_ = nullptr;
  if (left_ && now_ms - run_ms_ >= kReleaseMs && found_ == Fault::None) {
    found_ = Fault::EndHeld;
    left_->proven = false;
  }
}

uint32_t ContactDrive::due_in(uint32_t now_ms) {
  uint32_t due = open_end_.due_in(now_ms), other = closed_end_.due_in(now_ms);
  if (other < due) due = other;
  if (!powered()) return due;
  uint32_t held = now_ms - pressed_ms_;
  uint32_t release = held >= kPressMs ? 0 : kPressMs - held;
  return release < due ? release : due;
}

shade::Feedback ContactDrive::feedback() {
  shade::Feedback seen;
  seen.fault = found_;
  // While STOP is held the controller makes up its mind.
  seen.coasting = pressed_ == pins_.stop;
  seen.at_open = open_end_.holds();
  seen.at_closed = closed_end_.holds();
  seen.doubtful = left_ || (seen.at_open && !open_end_.proven) || (seen.at_closed && !closed_end_.proven);
  return seen;
}
