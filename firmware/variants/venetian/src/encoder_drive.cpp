#include "encoder_drive.h"

using shade::Direction;
using shade::Fault;

namespace {

const int kFullDuty = 255;
const int8_t kIllegal = 2;
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
  count_ = rest_ = static_cast<int32_t>(static_cast<uint64_t>(hundredths) * counts / kOpen);
}

bool EncoderDrive::run(const shade::Leg& leg) {
  cut();
  illegal_ = 0;
  arrived_ = false;
  at_open_ = at_closed_ = false;
  set_aim(leg);
  edge_ms_ = millis();
  from_ = count_;
  running_ = true;
  analogWrite(leg.direction == Direction::Open ? pins_.open : pins_.close, kFullDuty);
  // The motor has no edges to show for the time before it was on.
  edge_ms_ = millis();
  // An edge of a shade that still swings may have been the aim, before there was a motor to stop.
  if (!running_) cut();
  return true;
}

void EncoderDrive::aim_at(const shade::Leg& leg) {
  // On it goes, if it has just arrived where it was to stop before.
  if (!set_aim(leg)) run(leg);
}

bool EncoderDrive::set_aim(const shade::Leg& leg) {
  bool opens = leg.direction == Direction::Open;
  bool to_end = leg.aim == 0 || leg.aim == kOpen;
  int32_t aim = static_cast<int32_t>(static_cast<uint64_t>(leg.aim) * counts_ / kOpen);
  if (to_end) {
    int32_t beyond = leg.known ? thousandths(kTolerance) : thousandths(1000 + kHomingExtra);
    aim = (leg.known ? aim : static_cast<int32_t>(count_)) + (opens ? beyond : -beyond);
  }
  bool arrived = false;
  // An edge sees the old aim or the new one.
  ATOMIC_BLOCK() {
    leg_ = leg;
    to_end_ = to_end;
    aim_ = aim;
    arrived = arrived_;
  }
  return !arrived;
}

void EncoderDrive::edge() {
  uint8_t now = phase();
  int8_t step = kSteps[phase_ << 2 | now];
  phase_ = now;
  edge_ms_ = millis();
  if (step == kIllegal)
    illegal_ = illegal_ + 1;
  else
    count_ = count_ + step;
  if (!running_) return;
  bool reached = leg_.direction == Direction::Open ? count_ >= aim_ : count_ <= aim_;
  if (illegal_ > kMostIllegal)
    found_ = Fault::Encoder;
  else if (reached && to_end_)
    found_ = Fault::Slipped;
  else if (reached)
    arrived_ = true;
  else
    return;
  cut();
}

void EncoderDrive::cut() {
  analogWrite(pins_.open, 0);
  analogWrite(pins_.close, 0);
  running_ = false;
  rest_ = count_;
  stopped_ms_ = millis();
}

bool EncoderDrive::stop() {
  found_ = Fault::None;
  cut();
  return true;
}

bool EncoderDrive::at_end() {
  cut();
  return true;
}

void EncoderDrive::tick(uint32_t now_ms) {
  if (running_) {
    if (static_cast<int32_t>(now_ms - edge_ms_ - kStallMs) >= 0) stands();
    return;
  }
  bool went_on = abs(count_ - rest_) > thousandths(kTolerance) / 2;
  if (went_on && now_ms - stopped_ms_ < kSettleMs && found_ == Fault::None) found_ = Fault::Overrun;
  if (now_ms - stopped_ms_ >= kSettleMs) rest_ = count_;
}

// No edges although the motor is on: an end, if there may be one here.
void EncoderDrive::stands() {
  cut();
  bool opens = leg_.direction == Direction::Open;
  int32_t end = opens ? static_cast<int32_t>(counts_) : 0;
  if (to_end_ && (!leg_.known || abs(count_ - end) <= thousandths(kTolerance))) {
    (opens ? at_open_ : at_closed_) = true;
    if (!leg_.known)
      proven_ = false;
    else if (abs(count_ - from_) > thousandths(2 * kTolerance))
      proven_ = true;
    count_ = rest_ = end;
  } else {
    found_ = Fault::Stalled;
  }
}

uint32_t EncoderDrive::due_in(uint32_t) { return running_ ? kPollMs : kNothingDue; }

shade::Feedback EncoderDrive::feedback() {
  shade::Feedback seen;
  int32_t count = count_;
  int32_t most = static_cast<int32_t>(counts_);
  count = count < 0 ? 0 : count > most ? most : count;
  seen.measured = static_cast<int32_t>((static_cast<int64_t>(count) * kOpen + counts_ / 2) / counts_);
  seen.fault = found_;
  seen.arrived = arrived_;
  seen.at_open = at_open_;
  seen.at_closed = at_closed_;
  seen.doubtful = !proven_;
  return seen;
}
