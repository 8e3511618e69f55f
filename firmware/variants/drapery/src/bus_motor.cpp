#include "bus_motor.h"

using shade::Fault;

namespace {

const uint8_t kStart = 0x55;
const uint8_t kAnswer = 0x80;
const uint16_t kOpen = 10000;

uint8_t sum(const uint8_t* bytes, size_t size) {
  uint8_t total = 0;
  for (size_t i = 1; i < size; ++i) total = static_cast<uint8_t>(total + bytes[i]);
  return total;
}

}  // namespace

bool BusMotor::begin() {
  Serial1.begin(kBaud);
  // It may still be on the way that a Photon without power sent it.
  return stop();
}

void BusMotor::place(uint16_t hundredths, uint32_t) {
  if (!certain_) position_ = hundredths;
}

bool BusMotor::run(const shade::Leg& leg) {
  going_ = true;
  stopping_ = false;
  aim_at(leg);
  return true;
}

void BusMotor::aim_at(const shade::Leg& leg) {
  aim_ = leg.aim;
  wanted_ = kGoTo;
  sent_off_ = arrived_ = false;
}

bool BusMotor::stop() {
  found_ = Fault::None;
  going_ = sent_off_ = arrived_ = false;
  stopping_ = true;
  stop_ms_ = millis();
  wanted_ = kStop;
  if (line_ == Line::Pausing) line_ = Line::Free;
  tries_ = 0;
  return true;
}

void BusMotor::tick(uint32_t now_ms) {
  if (line_ == Line::Waiting) listen(now_ms);
  if (line_ == Line::Pausing && now_ms - since_ms_ >= kPauseMs * static_cast<uint32_t>(tries_)) send(now_ms);
  if (line_ != Line::Free) return;
  if (wanted_ == kNone && watches() && now_ms - answered_ms_ >= kPollMs) wanted_ = kStatus;
  if (wanted_ == kNone) return;
  asked_ = wanted_;
  wanted_ = kNone;
  tries_ = 0;
  send(now_ms);
}

uint32_t BusMotor::due_in(uint32_t now_ms) {
  if (line_ == Line::Waiting) return 2;
  if (line_ == Line::Pausing) return kPauseMs / 2;
  if (wanted_ != kNone) return 0;
  if (!watches()) return kNothingDue;
  uint32_t since = now_ms - answered_ms_;
  return since >= kPollMs ? 0 : kPollMs - since;
}

void BusMotor::send(uint32_t now_ms) {
  while (Serial1.available()) Serial1.read();
  heard_size_ = 0;
  uint8_t* at = sent_;
  *at++ = kStart;
  *at++ = kAddress;
  *at++ = asked_;
  *at++ = asked_ == kGoTo ? 2 : 0;
  if (asked_ == kGoTo) {
    *at++ = static_cast<uint8_t>(aim_);
    *at++ = static_cast<uint8_t>(aim_ >> 8);
  }
  sent_size_ = static_cast<size_t>(at - sent_);
  *at = static_cast<uint8_t>(-sum(sent_, sent_size_));
  ++sent_size_;
  Serial1.write(sent_, sent_size_);
  line_ = Line::Waiting;
  since_ms_ = now_ms;
  ++tries_;
}

void BusMotor::listen(uint32_t now_ms) {
  size_t whole = sent_size_ + kAnswerSize;
  while (heard_size_ < whole && Serial1.available()) heard_[heard_size_++] = static_cast<uint8_t>(Serial1.read());
  if (heard_size_ >= sent_size_ && memcmp(heard_, sent_, sent_size_) != 0) {
    failed(Fault::Collision, now_ms);
  } else if (heard_size_ == whole) {
    answered(now_ms);
  } else if (now_ms - since_ms_ >= kAnswerMs) {
    failed(heard_size_ > sent_size_ ? Fault::Checksum : Fault::NoAnswer, now_ms);
  }
}

void BusMotor::answered(uint32_t now_ms) {
  const uint8_t* answer = heard_ + sent_size_;
  bool its = answer[0] == kStart && answer[1] == (kAddress | kAnswer) && answer[2] == asked_ && answer[3] == 4;
  uint16_t position = static_cast<uint16_t>(answer[4] | answer[5] << 8);
  if (!its || sum(answer, kAnswerSize) != 0 || position > kOpen || answer[6] > kBlocked) {
    failed(Fault::Checksum, now_ms);
    return;
  }
  line_ = Line::Free;
  answered_ms_ = now_ms;
  position_ = position;
  state_ = static_cast<MotorState>(answer[6]);
  certain_ = true;
  judge(now_ms);
}

// What the answer says about what was wanted.
void BusMotor::judge(uint32_t now_ms) {
  bool moves = state_ == kOpening || state_ == kClosing;
  if (going_ && wanted_ == kNone) {
    bool there = abs(position_ - aim_) <= kTolerance;
    if (state_ == kBlocked)
      found_ = Fault::Stalled;
    else if (state_ == kAtRest && there)
      arrived_ = true;
    else if (state_ == kAtRest && sent_off_)
      found_ = Fault::Stalled;  // it stands, and not where it was sent
    else if (sent_off_ && moves && (state_ == kOpening ? position_ > aim_ + kTolerance : position_ < aim_ - kTolerance))
      found_ = Fault::Overrun;
    sent_off_ = sent_off_ || asked_ == kGoTo;
    if (arrived_ || found_ != Fault::None) going_ = false;
  } else if (stopping_ && asked_ != kGoTo) {
    if (!moves)
      stopping_ = false;
    else if (now_ms - stop_ms_ >= kStopMs)
      found_ = Fault::Overrun, stopping_ = false;
  }
}

void BusMotor::failed(Fault why, uint32_t now_ms) {
  since_ms_ = now_ms;
  if (tries_ < kTries) {
    line_ = Line::Pausing;
    return;
  }
  line_ = Line::Free;
  answered_ms_ = now_ms;
  certain_ = going_ = stopping_ = false;
  found_ = why;
}

shade::Feedback BusMotor::feedback() {
  shade::Feedback seen;
  seen.fault = found_;
  seen.measured = position_;
  seen.absolute = certain_;
  seen.arrived = arrived_;
  seen.at_open = arrived_ && aim_ == kOpen;
  seen.at_closed = arrived_ && aim_ == 0;
  return seen;
}
