#include "motion.h"

#include <stdlib.h>

namespace shade {

namespace {

const uint16_t kOpen = 10000;
// An application that is held up for longer while it switches the motor does not know how far the shade got.
const uint32_t kMostDelayMs = 20;
// What counts as getting nearer; less may be an encoder that dithers on an edge.
const int kLeastProgress = 10;
// A measured position this near to an end may be the end itself, where standing still is right.
const int kEndZone = 100;
// A motor without power that turns for so long is driven by something.
const uint32_t kLongestCoastMs = 5000;

NoDriver no_driver;

bool is_end(int target) { return target == 0 || target == 100; }

}  // namespace

Motion::Motion(Driver& driver, Clock& clock, const MotionRules& rules, const Travel& travel)
    : driver_(&driver), clock_(clock), rules_(rules), travel_(travel) {}

void Motion::disconnect() {
  driver_ = &no_driver;
  known_ = false;
}

void Motion::begin() {
  if (!driver_->begin()) failed();
}

void Motion::set_position(uint16_t hundredths, bool known) {
  leg_from_ = hundredths;
  known_ = known && fault_ == Fault::None;
  target_ = (hundredths + 50) / 100;
}

uint16_t Motion::hundredths() const {
  int32_t measured = driver_->feedback().measured;
  if (measured >= 0) return static_cast<uint16_t>(measured < kOpen ? measured : kOpen);
  if (phase_ != Phase::Running) return leg_from_;
  uint64_t travelled = static_cast<uint64_t>(clock_.now_ms() - leg_start_ms_) * kOpen / travel_ms();
  uint64_t way = direction_ == Direction::Open ? kOpen - leg_from_ : leg_from_;
  uint16_t done = static_cast<uint16_t>(travelled < way ? travelled : way);
  return direction_ == Direction::Open ? leg_from_ + done : leg_from_ - done;
}

// Without a known position the way to anywhere in between leads over the closed end.
int Motion::leg_target() const { return known_ || target_ == 100 || obstacle_ != Fault::None ? target_ : 0; }

int Motion::move_to(int target) {
  learns_ = false;
  return go_to(target);
}

int Motion::learn(int end) {
  if (phase_ != Phase::Rest || fault_ != Fault::None) return fault_ != Fault::None ? kFaulted : kBusy;
  learns_ = true;
  known_ = false;
  return go_to(end);
}

int Motion::go_to(int target) {
  if (fault_ != Fault::None || obstacle_ != Fault::None) return kFaulted;
  target_ = target;
  corrected_ = false;
  // An end is driven to even from there, for as long as the overrun takes: somebody may have moved the shade by hand.
  if (phase_ == Phase::Rest && known_ && position() == target && (!is_end(target) || rules_.overrun_percent == 0))
    return target;
  ++moves_;
  if (phase_ == Phase::Pause) return target;
  if (phase_ == Phase::Running) {
    uint16_t here = hundredths();
    int to = leg_target() * 100;
    bool opens = to > here || to == kOpen;
    if (opens == (direction_ == Direction::Open)) {
      leg_from_ = here;
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
  uint16_t here = was_running ? leg_from_ : hundredths();
  int to = leg_target();
  bool opens = to * 100 > here || to == 100;
  Direction direction = opens ? Direction::Open : Direction::Close;
  bool too_soon = direction != direction_ && settling_ && now - stopped_ms_ < rules_.dead_time_ms;
  if (!was_running && (too_soon || driver_->feedback().coasting)) {
    phase_ = Phase::Pause;
    return true;
  }
  if (!was_running && gate_) {
    gate_->before_run();
    now = clock_.now_ms();
  }
  sensed_ = false;
  direction_ = direction;
  leg_to_ = to;
  leg_from_ = here;
  int from = known_ ? here : opens ? 0 : kOpen;  // without knowledge it may have the whole way to go
  uint32_t way = static_cast<uint32_t>(abs(to * 100 - from));
  leg_run_ms_ = static_cast<uint32_t>(static_cast<uint64_t>(way) * travel_ms() / kOpen);
  if (is_end(to)) leg_run_ms_ += travel_ms() * rules_.overrun_percent / 100;
  leg_start_ms_ = now;
  phase_ = Phase::Running;
  Leg leg = {direction_, static_cast<uint16_t>(to * 100), known_, learns_};
  if (was_running) {
    driver_->aim_at(leg);
    return true;
  }
  furthest_ = here;
  run_ms_ = nearer_ms_ = now;
  if (!driver_->run(leg)) return failed();
  leg_start_ms_ = clock_.now_ms();
  doubt_if_late(now);
  return true;
}

int Motion::stop() {
  if (phase_ == Phase::Rest && fault_ == Fault::None) return position();
  if (phase_ == Phase::Running || fault_ != Fault::None) {
    fault_ = Fault::None;
    if (!halt()) return kFaulted;
  }
  if (phase_ == Phase::Pause) rest_at(leg_from_);
  target_ = position();
  if (obstacle_ == Fault::None) return target_;
  // It is told even to whoever stopped the way back from it.
  failed();
  return kFaulted;
}

// Stops the output and keeps where the shade got to.
bool Motion::halt() {
  uint32_t now = clock_.now_ms();
  bool stopped = driver_->stop();
  rest_at(hundredths());
  doubt_if_late(now);
  return stopped || failed();
}

void Motion::doubt_if_late(uint32_t since_ms) {
  bool timed = driver_->feedback().measured < 0;
  if (timed && clock_.now_ms() - since_ms > kMostDelayMs) known_ = false;
}

void Motion::rest_at(uint16_t hundredths) {
  leg_from_ = hundredths;
  if (phase_ == Phase::Running) {
    settling_ = true;
    stopped_ms_ = clock_.now_ms();
  }
  phase_ = driver_->feedback().coasting ? Phase::Coasting : Phase::Rest;
}

bool Motion::failed() {
  Fault found = obstacle_ != Fault::None ? obstacle_ : driver_->feedback().fault;
  fail(found == Fault::None ? Fault::Driver : found);
  return false;
}

void Motion::fail(Fault fault) {
  uint16_t here = hundredths();
  driver_->stop();
  rest_at(here);
  settling_ = true;
  stopped_ms_ = clock_.now_ms();
  target_ = position();
  fault_ = fault;
  obstacle_ = Fault::None;
  known_ = false;  // whether it still moves is anyone's guess
}

void Motion::tick() {
  uint32_t now = clock_.now_ms();
  driver_->tick(now);
  if (settling_ && now - stopped_ms_ >= rules_.dead_time_ms) settling_ = false;
  Feedback seen = driver_->feedback();
  if (seen.lost || (seen.late && seen.measured < 0)) known_ = false;
  if (seen.fault != Fault::None && fault_ == Fault::None) {
    if (!back_off(seen, seen.fault)) failed();
  } else if (phase_ == Phase::Running && now - run_ms_ >= rules_.longest_leg_ms) {
    fail(Fault::TooLong);
  } else if (phase_ == Phase::Running && stands_still(seen, now)) {
    if (!back_off(seen, Fault::Stalled)) fail(Fault::Stalled);
  } else if (phase_ == Phase::Running) {
    follow_leg(seen, now);
  } else if (phase_ == Phase::Pause && !settling_ && !seen.coasting) {
    phase_ = Phase::Rest;
    if (known_ && position() == target_ && !is_end(target_)) return;
    start_leg();
  } else if (phase_ == Phase::Coasting) {
    if (!seen.coasting)
      rest_at(hundredths());
    else if (fault_ == Fault::None && now - stopped_ms_ >= kLongestCoastMs)
      fail(Fault::Overrun);
  } else if (phase_ == Phase::Rest) {
    watch_rest(seen);
  }
}

// A measured position that comes no nearer to its aim: what its edges or answers say besides does not count.
bool Motion::stands_still(const Feedback& seen, uint32_t now) {
  if (seen.measured < 0 || !known_ || seen.measured <= kEndZone || seen.measured >= kOpen - kEndZone) {
    nearer_ms_ = now;
    return false;
  }
  int nearer = direction_ == Direction::Open ? seen.measured - furthest_ : furthest_ - seen.measured;
  if (nearer < kLeastProgress) return now - nearer_ms_ >= rules_.progress_ms;
  furthest_ = static_cast<uint16_t>(seen.measured);
  nearer_ms_ = now;
  return false;
}

// Whatever stands below a closing shade gets free; then it is a fault. A position must be known for that.
bool Motion::back_off(const Feedback& seen, Fault met) {
  bool backs = rules_.back_off_percent > 0 && met == Fault::Stalled && obstacle_ == Fault::None && known_ &&
               seen.measured >= 0 && phase_ == Phase::Running && direction_ == Direction::Close;
  if (!backs || !halt()) return backs;
  obstacle_ = met;
  int back = position() + static_cast<int>(rules_.back_off_percent);
  target_ = back < 100 ? back : 100;
  phase_ = Phase::Pause;
  return true;
}

void Motion::follow_leg(const Feedback& seen, uint32_t now) {
  bool met = direction_ == Direction::Open ? seen.at_open : seen.at_closed;
  bool timed = seen.measured < 0;
  bool time_is_up = timed && now - leg_start_ms_ >= leg_run_ms_;
  if (!met && !seen.arrived && !time_is_up) return;
  bool ends = is_end(leg_to_);
  doubtful_ = seen.doubtful;
  if (!met && timed && ends && driver_->senses_ends()) {
    fail(Fault::EndMissing);
    return;
  }
  if (met || (timed && ends)) {
    rest_at(direction_ == Direction::Open ? kOpen : 0);
    known_ = true;
    if (!driver_->at_end()) {
      failed();
      return;
    }
    // An end in the middle of the way: at least it is certain now where the shade is.
    if (!ends && !corrected_ && obstacle_ == Fault::None) {
      corrected_ = true;
      phase_ = Phase::Pause;
    }
  } else if (timed ? !halt() : (rest_at(static_cast<uint16_t>(seen.measured)), false)) {
    return;
  }
  if (obstacle_ != Fault::None)
    failed();
  else if (leg_to_ != target_)
    phase_ = Phase::Pause;
}

void Motion::watch_rest(const Feedback& seen) {
  if (fault_ != Fault::None) return;
  if (seen.absolute && !known_) {
    known_ = true;
    target_ = position();
  } else if (seen.measured < 0 && seen.at_open != seen.at_closed) {
    // Whoever moved it there.
    set_position(seen.at_open ? kOpen : 0, true);
    sensed_ = true;
  } else if (sensed_ && !seen.at_open && !seen.at_closed) {
    // It left, and nobody here made it: a motor of its own that still ran, or a hand.
    sensed_ = known_ = false;
  }
}

uint32_t Motion::due_in() const {
  uint32_t now = clock_.now_ms();
  uint32_t due = driver_->due_in(now);
  if (phase_ == Phase::Rest || phase_ == Phase::Coasting) return due;
  bool runs = phase_ == Phase::Running;
  if (runs && driver_->feedback().measured >= 0) return due;
  uint32_t elapsed = now - (runs ? leg_start_ms_ : stopped_ms_);
  uint32_t length = runs ? leg_run_ms_ : rules_.dead_time_ms;
  uint32_t own = elapsed >= length ? 0 : length - elapsed;
  return own < due ? own : due;
}

}  // namespace shade
