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
  static constexpr int kAtRestHz = 5;
  static constexpr int kAtRestInRackHz = 1;

  // `hz` times a second, or 0: by what goes on, and `at_rest_hz` times while nothing does.
  explicit LoopPace(int hz, int at_rest_hz = kAtRestHz) : hz_(hz), at_rest_hz_(at_rest_hz) {}

  void begins(uint64_t now_us, const Counts& counts);
  void ended(uint64_t now_us, const Counts& counts);
  uint64_t due_us() const { return due_us_; }

 private:
  void stay_awake(uint64_t until_us);

  int hz_;
  int at_rest_hz_;
  uint64_t rounds_ = 0;  // when loop() last began
  uint64_t handled_ = 0;
  uint64_t outputs_ = 0;
  uint64_t began_us_ = 0;
  uint64_t awake_until_us_ = 0;
  uint64_t due_us_ = 0;
};

}  // namespace vphoton
