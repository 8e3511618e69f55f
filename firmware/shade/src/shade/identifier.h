// `identify`: blinks the indicator for some seconds.
#pragma once

#include <stdint.h>

#include "clock.h"
#include "indicator.h"

namespace shade {

class Identifier {
 public:
  static constexpr uint32_t kMaxSeconds = 60;
  static constexpr uint32_t kDefaultSeconds = 5;
  static constexpr uint32_t kHalfPeriodMs = 250;

  Identifier(Indicator& indicator, Clock& clock) : indicator_(indicator), clock_(clock) {}

  void start(uint32_t seconds);
  void tick();
  bool active() const { return active_; }

 private:
  Indicator& indicator_;
  Clock& clock_;
  bool active_ = false;
  bool lit_ = false;
  uint32_t started_ms_ = 0;
  uint32_t length_ms_ = 0;
};

}  // namespace shade
