#include "encoder_drive.h"

using shade::Direction;
using shade::Fault;

namespace {

const int8_t kIllegal = 2;
const int32_t kStepsOfIllegal = 2;  // both channels changed: two steps, one way or the other
const int32_t kLeastWrongWay = 8;   // counts
const uint32_t kLeastLost = 8;      // steps
const uint16_t kOpen = 10000;
const uint32_t kPollMs = 20;

// By the phase before (times four) and after: A leads B towards open.
const int8_t kSteps[16] = {0, 1, -1, kIllegal, -1, 0, kIllegal, 1, 1, kIllegal, 0, -1, kIllegal, -1, 1, 0};

}  // namespace

bool EncoderDrive::begin() {
  for (pin_t pin : {pins_.open, pins_.close}) {
    pinMode(pin, OUTPUT);
    analogWrite(pin, 0);
  }
  for (pin_t pin : {pins_.a, pins_.b}) pinMode(pin, INPUT);
  phase_ = phase();
  if (!attached_)
    attached_ = attachInterrupt(pins_.a, &EncoderDrive::edge, this, CHANGE) &&
                attachInterrupt(pins_.b, &EncoderDrive::edge, this, CHANGE);
  return attached_;
}

uint8_t EncoderDrive::phase() const {
  return static_cast<uint8_t>((pinReadFast(pins_.b) ? 2 : 0) | (pinReadFast(pins_.a) ? 1 : 0));
}

void EncoderDrive::place(uint16_t hundredths, uint32_t counts) {
  counts_ = counts;
  // The way it has just made, to the end where it stands, is the whole one.
  if (way_ > 0 && abs(static_cast<int32_t>(way_) - static_cast<int32_t>(counts)) <= thousandths(kTolerance))
    proven_ = true;
  // Rounded, as what feedback() tells is: the count that was stored comes back.
  count_ = rest_ = static_cast<int32_t>((static_cast<uint64_t>(hundredths) * counts + kOpen / 2) / kOpen);
}

bool EncoderDrive::run(const shade::Leg& leg) {
  switch_off();
  cut_ = false;
  arrived_ = false;
  at_open_ = at_closed_ = false;
  way_ = 0;
  set_aim(leg);
  // From here on the next edge finds the motor off, or on with all that stops it.
  ATOMIC_BLOCK() {
    from_ = count_;
    nearest_ = ahead();
    // The motor has no edges to show for the time before it was on.
    run_ms_ = nearer_ms_ = millis();
    coasting_ = false;
    if (cut_) {
      // The watchdog was here.
    } else if (nearest_ <= 0 && !to_end_) {
      arrived_ = true;  // an edge of a shade that still swings
    } else {
      running_ = true;
      power(kStartDuty);
    }
  }
  return true;
}

void EncoderDrive::aim_at(const shade::Leg& leg) {
  // On it goes, if it has just arrived where it was to stop before.
  if (!set_aim(leg)) run(leg);
}

bool EncoderDrive::set_aim(const shade::Leg& leg) {
  bool up = leg.direction == Direction::Open;
  bool to_end = leg.aim == 0 || leg.aim == kOpen;
  int32_t aim = static_cast<int32_t>(static_cast<uint64_t>(leg.aim) * counts_ / kOpen);
  int32_t slow_from = thousandths(kSlowZone);
  if (to_end) {
    int32_t beyond = leg.learns  ? static_cast<int32_t>(shade::Travel::kMaxNumber)
                     : leg.known ? thousandths(kTolerance)
                                 : thousandths(1000 + kHomingExtra);
    aim = (leg.known ? aim : static_cast<int32_t>(count_)) + (up ? beyond : -beyond);
    if (leg.known) slow_from += beyond;
  }
  bool arrived = false;
  // An edge sees the old aim or the new one.
  ATOMIC_BLOCK() {
    leg_ = leg;
    to_end_ = to_end;
    aim_ = aim;
    slow_from_ = slow_from;
    nearest_ = ahead();
    arrived = arrived_;
  }
  return !arrived;
}

void EncoderDrive::edge() {
  uint8_t now = phase();
  int8_t step = kSteps[phase_ << 2 | now];
  phase_ = now;
  if (step == kIllegal) {
    illegal_ = illegal_ + 1;
    lost_steps_ = lost_steps_ + kStepsOfIllegal;
  } else {
    count_ = count_ + step;
  }
  if (!running_) {
    if (coasting_ && abs(count_ - rest_) > coasted_) {
      coasted_ = abs(count_ - rest_);
      coasted_ms_ = millis();
    }
    return;
  }
  int32_t ahead = this->ahead();
  if (ahead < nearest_) {
    nearest_ = ahead;
    nearer_ms_ = millis();
  }
  int32_t wrong = max(thousandths(kWrongWay), kLeastWrongWay);
  if (illegal_ > kMostIllegal)
    found_ = Fault::Encoder;
  else if ((opens() ? from_ - count_ : count_ - from_) > wrong)
    found_ = Fault::Backwards;
  else if (ahead <= 0 && to_end_)
    found_ = Fault::Slipped;
  else if (ahead <= 0)
    arrived_ = true;
  else {
    // However busy the loop is.
    uint8_t most = most_duty(ahead);
    if (duty_ > most) power(most);
    return;
  }
  switch_off();
}

// Within an interrupt or with interrupts off: the bridge and what is known of it change as one.
void EncoderDrive::power(uint8_t duty) {
  duty_ = duty;
  analogWrite(opens() ? pins_.open : pins_.close, duty);
}

void EncoderDrive::switch_off() {
  ATOMIC_BLOCK() {
    analogWrite(pins_.open, 0);
    analogWrite(pins_.close, 0);
    if (running_) {
      coasting_ = true;
      rest_ = count_;
      coasted_ = 0;
      stopped_ms_ = coasted_ms_ = millis();
    }
    running_ = false;
    duty_ = 0;
  }
}

void EncoderDrive::cut() {
  cut_ = true;
  switch_off();
}

bool EncoderDrive::stop() {
  // Whoever clears the fault of an encoder gives it a new chance.
  if (found_ == Fault::Encoder) illegal_ = 0;
  found_ = Fault::None;
  ATOMIC_BLOCK() {
    if (!running_) {
      rest_ = count_;
      coasted_ = 0;
      stopped_ms_ = millis();
    }
    switch_off();
  }
  return true;
}

bool EncoderDrive::at_end() {
  switch_off();
  return true;
}

void EncoderDrive::tick(uint32_t now_ms) {
  forget(now_ms);
  if (running_) {
    if (static_cast<int32_t>(now_ms - nearer_ms_ - kStallMs) < 0)
      ramp(now_ms);
    else if (still_running())
      stands();
    return;
  }
  bool went_on = abs(count_ - rest_) > thousandths(kMostCoast);
  // The first look after a stop may come late: until it has come the motor counts as coasting.
  bool just_stopped = coasting_ || now_ms - stopped_ms_ < kSettleMs;
  if (went_on && just_stopped && found_ == Fault::None) found_ = Fault::Overrun;
  if (coasting_ && static_cast<int32_t>(now_ms - coasted_ms_ - kRestMs) >= 0) coasting_ = false;
  if (now_ms - stopped_ms_ >= kSettleMs) rest_ = count_;
}

// So far from the aim: it comes there at no more than the slow duty, without a jerk on the way.
uint8_t EncoderDrive::most_duty(int32_t ahead) const {
  int32_t full = leg_.known ? kFullDuty : kHomingDuty;
  if (ahead >= slow_from_) return static_cast<uint8_t>(full);
  int32_t left = max(ahead - slow_from_ / 3, static_cast<int32_t>(0));
  return static_cast<uint8_t>(kSlowDuty + (full - kSlowDuty) * left / (slow_from_ - slow_from_ / 3));
}

void EncoderDrive::ramp(uint32_t now_ms) {
  uint32_t on = now_ms - run_ms_;
  ATOMIC_BLOCK() {
    uint32_t most = most_duty(ahead());
    uint32_t duty = on < kRampMs ? kStartDuty + (kFullDuty - kStartDuty) * on / kRampMs : most;
    if (duty > most) duty = on < kRampMs && most < kStartDuty ? kStartDuty : most;
    if (running_ && duty != duty_) power(static_cast<uint8_t>(duty));
  }
}

void EncoderDrive::forget(uint32_t now_ms) {
  if (now_ms - forgot_ms_ < kForgetMs) return;
  forgot_ms_ = now_ms;
  ATOMIC_BLOCK() {
    if (illegal_ > 0) illegal_ = illegal_ - 1;
  }
}

// Switches off; false when an edge did so before.
bool EncoderDrive::still_running() {
  bool running = false;
  ATOMIC_BLOCK() {
    running = running_;
    switch_off();
  }
  return running;
}

// No way is made although the motor was on: an end, if there may be one here.
void EncoderDrive::stands() {
  int32_t end = opens() ? static_cast<int32_t>(counts_) : 0;
  if (to_end_ && (!leg_.known || abs(count_ - end) <= thousandths(kTolerance))) {
    (opens() ? at_open_ : at_closed_) = true;
    way_ = static_cast<uint32_t>(abs(count_ - from_));
    if (!leg_.known)
      proven_ = false;
    else if (abs(count_ - from_) > thousandths(2 * kTolerance))
      proven_ = true;
    count_ = rest_ = end;
    lost_steps_ = 0;
  } else {
    found_ = Fault::Stalled;
  }
}

uint32_t EncoderDrive::way() { return running_ ? static_cast<uint32_t>(abs(count_ - from_)) : way_; }

uint32_t EncoderDrive::due_in(uint32_t) { return running_ || coasting_ ? kPollMs : kNothingDue; }

shade::Feedback EncoderDrive::feedback() {
  shade::Feedback seen;
  int32_t count = count_;
  int32_t most = static_cast<int32_t>(counts_);
  count = count < 0 ? 0 : count > most ? most : count;
  seen.measured = static_cast<int32_t>((static_cast<int64_t>(count) * kOpen + counts_ / 2) / counts_);
  seen.fault = found_;
  seen.arrived = arrived_;
  seen.coasting = coasting_;
  seen.at_open = at_open_;
  seen.at_closed = at_closed_;
  seen.doubtful = !proven_;
  seen.lost = lost_steps_ > max(static_cast<uint32_t>(thousandths(kLostSteps)), kLeastLost);
  return seen;
}
