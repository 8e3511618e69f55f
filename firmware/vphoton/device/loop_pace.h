// When loop() is due. It follows every round of the event loop in which something happened; while nothing does, its
// rate depends on what the firmware has been doing, so that a thousand devices at rest cost next to nothing.
#pragma once

#include <cstdint>

namespace vphoton {

class LoopPace {
 public:
  // What has been counted since power-on; LoopPace looks at what changed.
  struct Counts {
    uint64_t rounds = 0;   // of the event loop, those in delay() included
    uint64_t handled = 0;  // events and timers in them
    uint64_t outputs = 0;  // changes of an output's level
  };

  static constexpr int kWithoutPause = 1000000;  // no loop() is shorter than its period

  // All of these are choices. A real Photon calls loop() thousands of times a second.
  // How often while nothing goes on, and how long an event counts as something that does.
  struct Rest {
    uint64_t period_us;
    uint64_t after_event_us;
  };
  static constexpr Rest kAlone = {200 * 1000, 400 * 1000};
  // The cloud's answers to keep-alives are events, too: thousands of devices have some at any time.
  static constexpr Rest kInRack = {2000 * 1000, 100 * 1000};

  // `hz` times a second, or 0: by what goes on.
  explicit LoopPace(int hz, Rest rest = kAlone) : hz_(hz), rest_(rest) {}

  void begins(uint64_t now_us, const Counts& counts);
  void ended(uint64_t now_us, const Counts& counts);
  uint64_t due_us() const { return due_us_; }

 private:
  void stay_awake(uint64_t until_us);

  int hz_;
  Rest rest_;
  uint64_t rounds_ = 0;  // when loop() last began
  uint64_t handled_ = 0;
  uint64_t outputs_ = 0;
  uint64_t began_us_ = 0;
  uint64_t awake_until_us_ = 0;
  uint64_t due_us_ = 0;
};

}  // namespace vphoton
