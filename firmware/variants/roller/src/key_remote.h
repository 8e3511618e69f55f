// Three keys of a radio remote, pressed through transistors: a key is down while its output is high. Never two at once.
#pragma once

#include "Particle.h"
#include "shade.h"

class KeyRemote : public shade::Driver {
 public:
  // How long a key is held; shorter presses are missed by some remotes.
  static constexpr uint32_t kPressMs = 250;

  KeyRemote(pin_t up, pin_t stop, pin_t down) : pins_{up, stop, down} {}

  bool begin() override;
  bool run(shade::Direction direction) override;
  bool stop() override;
  // The tube motor stops at its own limit, and a stop key pressed at rest would send it to its favourite position.
  bool at_end() override { return true; }
  void tick(uint32_t now_ms) override;
  uint32_t due_in(uint32_t now_ms) override;

 private:
  enum Key { kUp, kStop, kDown, kKeys };

  bool press(Key key);
  void release();

  const pin_t pins_[kKeys];
  bool pressed_ = false;
  uint32_t pressed_ms_ = 0;
};
