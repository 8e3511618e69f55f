// The time of a trial: it goes on with the application's instructions, and jumps over waiting.
#pragma once

#include <cstdint>

#include "base/monotonic.h"

namespace vphoton::trial {

class Clock {
 public:
  // A Cortex-M3 at 120 MHz with the flash accelerator of an STM32F2 executes some 100 instructions a microsecond: a
  // choice.
  static constexpr uint64_t kInstructionsPerUs = 100;

  Clock() { set_monotonic_source(&us_); }
  ~Clock() { set_monotonic_source(nullptr); }
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;

  uint64_t us() const { return us_; }
  uint64_t ms() const { return us_ / 1000; }
  void ran(uint64_t instructions) {
    rest_ += instructions;
    us_ += rest_ / kInstructionsPerUs;
    rest_ %= kInstructionsPerUs;
  }
  // Not backwards.
  void set(uint64_t us) { us_ = us > us_ ? us : us_; }

 private:
  uint64_t us_ = 0;
  uint64_t rest_ = 0;  // instructions of the microsecond under way
};

}  // namespace vphoton::trial
