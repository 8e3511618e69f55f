// How long the shade takes from end to end, and how it may be driven.
#pragma once

#include <stdint.h>

namespace shade {

struct TravelTimes {
  uint32_t open_ms;   // from closed to open
  uint32_t close_ms;  // from open to closed

  static constexpr uint32_t kMin = 500;
  static constexpr uint32_t kMax = 300000;

  bool valid() const { return open_ms >= kMin && open_ms <= kMax && close_ms >= kMin && close_ms <= kMax; }
};

struct MotionRules {
  uint32_t dead_time_ms;     // rest between opposite directions
  uint32_t overrun_percent;  // of the full travel, added at the ends so that the shade is sure to be there
};

}  // namespace shade
