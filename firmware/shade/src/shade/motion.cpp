#include "motion.h"

#include "codes.h"

namespace shade {

namespace {
const uint16_t kOpen = 10000;
}  // namespace

Motion::Motion(Driver& driver, Clock& clock, const MotionRules& rules, const TravelTimes& travel)
    : driver_(driver), clock_(clock), rules_(rules), travel_(travel) {}

void Motion::begin() { faulted_ = !driver_.begin(); }

void Motion::set_position(uint16_t hundredths, bool known) {
  leg_from_ = hundredths;
  known_ = known;
  target_ = position();
}

uint16_t Motion::hundredths() const {
  if (phase_ != Phase::Running) return leg_from_;
  uint64_t travelled = static_cast<uint64_t>(clock_.now_ms() - leg_start_ms_) * kOpen / travel_ms();
  uint64_t way = direction_ == Direction::Open ? kOpen - leg_from_ : leg_from_;
  uint16_t done = static_cast<uint16_t>(travelled < way ? travelled : way);
  return direction_ == Direction::Open ? leg_from_ + done : leg_from_ - done;
}

// Without a known position the way to anywhere in between leads over the closed end.
int Motion::leg_target() const { return known_ || target_ == 100 ? target_ : 0; }

int Motion::move_to(int target) {
  if (faulted_) return kFaulted;
  target_ = target;
  // An end is driven to even from there, for as long as the overrun takes: somebody may have moved the shade by hand.
  bool at_end = target == 0 || target == 100;
  if (phase_ == Phase::Rest && known_ && position() == target && (!at_end || rules_.overrun_percent == 0))
    return target;
  ++moves_;
  if (phase_ == Phase::Pause) return target;
  if (phase_ == Phase::Running) {
    uint16_t here = hundredths();
    int to = leg_target() * 100;
    bool opens = to > here || to == kOpen;
    if (opens == (direction_ == Direction::Open)) {
      hold(here);
    } else {
      if (!halt()) return kFaulted;
      phase_ = Phase::Pause;
      return target;
    }
  }
  return start_leg() ? target : static_cast<int>(kFaulted);
}

bool Motion::start_leg() {
  bool was_running = phase_ == Phase::Running;
  uint32_t now = clock_.now_ms();
  int to = leg_target();
  bool opens = to * 100 > leg_from_ || to == 100;
  Direction direction = opens ? Direction::Open : Direction::Close;
  if (!was_running && settling_ && direction != direction_ && now - stopped_ms_ < rules_.dead_time_ms) {
    phase_ = Phase::Pause;
    return true;
  }
  direction_ = direction;
  leg_to_ = to;
  uint16_t from = leg_from_;
  if (!known_) from = opens ? 0 : kOpen;  // it may have the whole way to go
  uint32_t way = opens ? to * 100 - from : from - to * 100;
  leg_run_ms_ = static_cast<uint32_t>(static_cast<uint64_t>(way) * travel_ms() / kOpen);
  if (to == 0 || to == 100) leg_run_ms_ += travel_ms() * rules_.overrun_percent / 100;
  leg_start_ms_ = now;
  phase_ = Phase::Running;
  if (was_running) return true;
  return driver_.run(direction_) || fail();
}

int Motion::stop() {
  if (phase_ == Phase::Rest && !faulted_) return position();
  if (phase_ == Phase::Running || faulted_) {
    faulted_ = false;
    if (!halt()) return kFaulted;
  }
  phase_ = Phase::Rest;
  target_ = position();
  return target_;
}

// Stops the output and keeps where the shade got to.
bool Motion::halt() {
  hold(hundredths());
  phase_ = Phase::Rest;
  settling_ = true;
  stopped_ms_ = clock_.now_ms();
  return driver_.stop() || fail();
}

void Motion::hold(uint16_t hundredths) { leg_from_ = hundredths; }

bool Motion::fail() {
  hold(hundredths());
  phase_ = Phase::Rest;
  target_ = position();
  faulted_ = true;
  known_ = false;  // whether it still moves is anyone's guess
  driver_.stop();
  return false;
}

void Motion::tick() {
  uint32_t now = clock_.now_ms();
  driver_.tick(now);
  if (settling_ && now - stopped_ms_ >= rules_.dead_time_ms) settling_ = false;
  if (phase_ == Phase::Pause && !settling_) {
    phase_ = Phase::Rest;
    if (known_ && position() == target_ && target_ != 0 && target_ != 100) return;
    start_leg();
  } else if (phase_ == Phase::Running && now - leg_start_ms_ >= leg_run_ms_) {
    if (leg_to_ == 0 || leg_to_ == 100) {
      hold(leg_to_ * 100);
      phase_ = Phase::Rest;
      settling_ = true;
      stopped_ms_ = now;
      known_ = true;
      if (!driver_.at_end()) {
        fail();
        return;
      }
    } else if (!halt()) {
      return;
    }
    if (leg_to_ != target_) phase_ = Phase::Pause;
  }
}

uint32_t Motion::due_in() const {
  uint32_t now = clock_.now_ms();
  uint32_t due = driver_.due_in(now);
  if (phase_ == Phase::Rest) return due;
  uint32_t since = phase_ == Phase::Running ? leg_start_ms_ : stopped_ms_;
  uint32_t length = phase_ == Phase::Running ? leg_run_ms_ : rules_.dead_time_ms;
  uint32_t elapsed = now - since;
  uint32_t own = elapsed >= length ? 0 : length - elapsed;
  return own < due ? own : due;
}

}  // namespace shade
