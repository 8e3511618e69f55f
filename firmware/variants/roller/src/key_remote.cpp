#include "key_remote.h"

bool KeyRemote::begin() {
  for (pin_t pin : pins_) {
    digitalWrite(pin, LOW);
    pinMode(pin, OUTPUT);
    digitalWrite(pin, LOW);
  }
  return true;
}

bool KeyRemote::run(shade::Direction direction) { return press(direction == shade::Direction::Open ? kUp : kDown); }

bool KeyRemote::stop() { return press(kStop); }

bool KeyRemote::press(Key key) {
  release();
  digitalWrite(pins_[key], HIGH);
  pressed_ = true;
  pressed_ms_ = millis();
  return true;
}

void KeyRemote::release() {
  for (pin_t pin : pins_) digitalWrite(pin, LOW);
  pressed_ = false;
}

void KeyRemote::tick(uint32_t now_ms) {
  if (pressed_ && now_ms - pressed_ms_ >= kPressMs) release();
}

uint32_t KeyRemote::due_in(uint32_t now_ms) {
  if (!pressed_) return kNothingDue;
  uint32_t held = now_ms - pressed_ms_;
  return held >= kPressMs ? 0 : kPressMs - held;
}
