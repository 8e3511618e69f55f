#include "worlds/shade_body.h"

#include <algorithm>

#include "base/monotonic.h"

namespace vphoton {

// Where it would be without ends. After a restart of the machine the clock begins anew: it has long stood still then.
double ShadeBody::unbounded() const {
  uint64_t now = monotonic_us();
  if (now < state_.since_us) return state_.from + state_.speed * 3600;
  return state_.from + state_.speed * static_cast<double>(now - state_.since_us) / 1e6;
}

double ShadeBody::position() const { return std::clamp(unbounded(), 0.0, 1.0); }

bool ShadeBody::moves() const {
  double position = this->position();
  return (state_.speed > 0 && position < 1) || (state_.speed < 0 && position > 0);
}

double ShadeBody::ms_until(double position) const {
  double way = position - this->position();
  if (way == 0) return 0;
  return state_.speed != 0 && way / state_.speed > 0 ? way / state_.speed * 1000 : -1;
}

double ShadeBody::pushed_ms() const {
  if (own_limits_) return 0;
  double beyond = unbounded() - position();
  return state_.pushed_ms + (state_.speed != 0 ? beyond / state_.speed * 1000 : 0);
}

void ShadeBody::drive(double speed) {
  state_.pushed_ms = pushed_ms();
  state_.from = position();
  state_.since_us = monotonic_us();
  state_.speed = speed;
}

void ShadeBody::follow(double position, double speed, double pushed_ms) {
  state_.pushed_ms += pushed_ms;
  state_.from = std::clamp(position, 0.0, 1.0);
  state_.since_us = monotonic_us();
  state_.speed = speed;
}

void ShadeBody::place(double position) {
  drive(0);
  state_.from = std::clamp(position, 0.0, 1.0);
}

}  // namespace vphoton
