// How far the shade travels, in the measure of its variant, and how it may be driven.
#pragma once

#include <stdint.h>

namespace shade {

// What a calibration's two numbers are. One made for another measure is worthless.
enum class Measure : uint8_t {
  Time = 0,    // ms from closed to open, ms from open to closed
  Counts = 1,  // encoder edges of the lift, encoder edges of the tilt
  Motor = 2,   // the motor keeps its own; both numbers are as in Time and bound only how long is waited
};

struct Travel {
  uint32_t first;
  uint32_t second;

  static constexpr uint32_t kMaxNumber = 300000;

  static constexpr uint32_t least(Measure measure) { return measure == Measure::Counts ? 100 : 500; }
  bool valid(Measure measure) const {
    return first >= least(measure) && first <= kMaxNumber && second >= least(measure) && second <= kMaxNumber;
  }
};

struct MotionRules {
  uint32_t dead_time_ms;     // rest between opposite directions
  uint32_t overrun_percent;  // of the full travel, added at the ends so that the shade is sure to be there
  // Of a shade that meets something while it closes: how far it opens again before it stops; 0: it stops there.
  uint32_t back_off_percent = 0;
  // No leg takes longer, timed or measured: the slowest shade that may be calibrated, and its overrun.
  uint32_t longest_leg_ms = 450000;
  // A measured position that comes no nearer to its aim for so long, between the ends, stands.
  uint32_t progress_ms = 3000;
};

}  // namespace shade
