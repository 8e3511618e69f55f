#include "bus_motor.h"

using shade::Fault;

namespace {

const uint8_t kRead = 1, kControl = 3;
const uint8_t kPositionRegister = 0x02, kStatusRegister = 0x05;
const uint8_t kOpen = 1, kClose = 2, kStop = 3, kGoTo = 4;
const int kRefused = 0xFF;  // of a command; as a position: it has forgotten its travel
const int kObeyed = -2;     // a command without a value
const uint16_t kOpened = 10000;

}  // namespace

bool BusMotor::begin() {
  pinMode(drive_, OUTPUT);
  release();
  Serial1.begin(kBaud);
  // It may still be on the way that a Photon without power sent it.
  return stop();
}

void BusMotor::place(uint16_t hundredths, uint32_t) {
  if (!certain_) position_ = hundredths;
}

bool BusMotor::run(const shade::Leg& leg) {
  SINGLE_THREADED_BLOCK() {
    going_ = true;
    stopping_ = finding_ = false;
    opens_ = leg.direction == shade::Direction::Open;
  }
  aim_at(leg);
  return true;
}

void BusMotor::aim_at(const shade::Leg& leg) {
  SINGLE_THREADED_BLOCK() {
    aim_ = static_cast<uint16_t>((leg.aim + 50) / 100 * 100);
    wanted_ = Ask::Go;
    accepted_ = arrived_ = false;
  }
}

bool BusMotor::stop() {
  SINGLE_THREADED_BLOCK() {
    found_ = Fault::None;
    going_ = finding_ = arrived_ = false;
    stopping_ = true;
    stop_ms_ = millis();
    wanted_ = Ask::Stop;
    tries_ = 0;  // what has failed so far has been told
    if (line_ == Line::Pausing) line_ = Line::Free;
  }
  tick(stop_ms_);
  return true;
}

// The time is taken here: since the loop took its own the watchdog may have sent something.
void BusMotor::tick(uint32_t) {
  bool sends = false;
  SINGLE_THREADED_BLOCK() { sends = step(millis()); }
  if (!sends) return;
  release_timer_.start();
  digitalWrite(drive_, HIGH);
  Serial1.write(sent_.bytes(), sent_.size());
}

// True: a frame is to be sent.
bool BusMotor::step(uint32_t now_ms) {
  if (line_ == Line::Sending || line_ == Line::Waiting) listen(now_ms);
  if (line_ == Line::Pausing) {
    if (now_ms - since_ms_ < pause_ms_) return false;
  } else if (line_ == Line::Free) {
    if (wanted_ == Ask::None && watches() && now_ms - polled_ms_ >= kPollMs) wanted_ = Ask::Status;
    if (wanted_ == Ask::None) return false;
    asked_ = wanted_;
    wanted_ = Ask::None;
    tries_ = 0;
  } else {
    return false;
  }
  while (Serial1.available()) Serial1.read();
  heard_.clear();
  noise_ = false;
  // A repeated way to go may be another one by now.
  sent_ = frame_of(asked_);
  line_ = Line::Sending;
  since_ms_ = now_ms;
  ++tries_;
  return true;
}

uint32_t BusMotor::due_in(uint32_t now_ms) {
  if (line_ == Line::Sending) return now_ms - since_ms_ < kReleaseMs ? kReleaseMs - (now_ms - since_ms_) : 1;
  if (line_ == Line::Waiting) return 2;
  const bool pauses = line_ == Line::Pausing;
  if (!pauses && wanted_ != Ask::None) return 0;
  if (!pauses && !watches()) return kNothingDue;
  const uint32_t since = now_ms - (pauses ? since_ms_ : polled_ms_), whole = pauses ? pause_ms_ : kPollMs;
  return since >= whole ? 0 : whole - since;
}

BusFrame BusMotor::frame_of(Ask ask) const {
  const uint16_t aim = finding_ ? (opens_ ? kOpened : 0) : aim_;
  if (ask == Ask::Go && aim > 0 && aim < kOpened) {
    const uint8_t content[] = {kControl, kGoTo, static_cast<uint8_t>(aim / 100)};
    return BusFrame(address_, content, sizeof content);
  }
  if (ask == Ask::Go || ask == Ask::Stop) {
    const uint8_t content[] = {kControl, ask == Ask::Stop ? kStop : aim == 0 ? kClose : kOpen};
    return BusFrame(address_, content, sizeof content);
  }
  const uint8_t content[] = {kRead, ask == Ask::Status ? kStatusRegister : kPositionRegister, 1};
  return BusFrame(address_, content, sizeof content);
}

void BusMotor::listen(uint32_t now_ms) {
  // Its own frame is not out yet, whatever is heard.
  if (line_ == Line::Sending && now_ms - since_ms_ < kReleaseMs) return;
  while (Serial1.available()) {
    heard_.feed(static_cast<uint8_t>(Serial1.read()));
    if (line_ == Line::Sending) {
      if (!heard_.ends_with(sent_)) continue;
      // The last of its bits has left.
      release();
      heard_.clear();
      line_ = Line::Waiting;
      since_ms_ = now_ms;
    } else {
      int value;
      if (heard_answer(value)) return answered(value, now_ms);
      noise_ = true;
    }
  }
  if (line_ == Line::Sending && now_ms - since_ms_ >= kEchoMs) {
    release();
    failed(heard_.empty() ? Fault::NoAnswer : Fault::Collision, now_ms);
  } else if (line_ == Line::Waiting && now_ms - since_ms_ >= kAnswerMs) {
    failed(noise_ ? Fault::Checksum : Fault::NoAnswer, now_ms);
  }
}

bool BusMotor::heard_answer(int& value) const {
  const bool commands = asked_ == Ask::Go || asked_ == Ask::Stop;
  value = kObeyed;
  if (commands && heard_.ends_with(sent_)) return true;
  value = commands ? heard_.value_of(address_, kControl, sent_.bytes()[4]) : heard_.value_of(address_, kRead, 1);
  return commands ? value == kRefused : value >= 0;
}

void BusMotor::answered(int value, uint32_t now_ms) {
  line_ = Line::Free;
  if (asked_ == Ask::Go) {
    accepted_ms_ = progress_ms_ = now_ms;
    nearest_ = kOpened;
    started_ = false;
    // Without its travel it goes to an end only, and knows it there. An end it refuses it may be at.
    if (value == kRefused && sent_.size() == BusFrame::kMost) {
      finding_ = true;
      certain_ = false;
      if (wanted_ == Ask::None) wanted_ = Ask::Go;
    } else {
      accepted_ = wanted_ == Ask::None;
      polled_ms_ = now_ms;
    }
  } else if (asked_ == Ask::Stop) {
    if (wanted_ == Ask::None) wanted_ = Ask::Status;
  } else if (asked_ == Ask::Status) {
    if (value > kSetting) return failed(Fault::Checksum, now_ms);
    state_ = static_cast<MotorState>(value);
    if (wanted_ == Ask::None) wanted_ = Ask::Position;
  } else {
    if (value > 100 && value != kRefused) return failed(Fault::Checksum, now_ms);
    polled_ms_ = now_ms;
    certain_ = value != kRefused;
    if (certain_) position_ = static_cast<uint16_t>(value * 100);
    // What came before a new command says nothing about it.
    if (wanted_ == Ask::None) judge(now_ms);
  }
}

void BusMotor::judge(uint32_t now_ms) {
  if (stopping_) {
    if (!moves()) {
      stopping_ = false;
      return;
    }
    wanted_ = Ask::Stop;
    if (now_ms - stop_ms_ >= kStopMs) found(Fault::Overrun);
  } else if (going_ && accepted_) {
    judge_run(now_ms);
    if (arrived_ || found_ != Fault::None) going_ = false;
  }
}

// What status and position say about the way it is on.
void BusMotor::judge_run(uint32_t now_ms) {
  const uint16_t off = static_cast<uint16_t>(position_ > aim_ ? position_ - aim_ : aim_ - position_);
  const bool may_stand = !started_ && now_ms - accepted_ms_ < kStartMs;
  started_ = started_ || moves();
  if (off < nearest_) {
    nearest_ = off;
    progress_ms_ = now_ms;
  }
  if (now_ms - accepted_ms_ >= kLongestRunMs) {
    found(Fault::Stalled);
  } else if (moves()) {
    if (finding_ || !certain_) return;
    const bool beyond = state_ == kOpening ? position_ > aim_ + kTolerance : position_ + kTolerance < aim_;
    if (beyond)
      found(Fault::Overrun);
    else if (now_ms - progress_ms_ >= kNoProgressMs)
      found(Fault::Stalled);
  } else if (may_stand && (finding_ || !certain_ || off > 0)) {
    return;
  } else if (finding_ && certain_) {
    finding_ = false;
    accepted_ = false;
    wanted_ = Ask::Go;
  } else if (!finding_ && certain_ && off <= kTolerance) {
    arrived_ = true;
  } else {
    found(Fault::Stalled);  // it stands, and not where it was sent
  }
}

void BusMotor::failed(Fault why, uint32_t now_ms) {
  since_ms_ = now_ms;
  line_ = Line::Pausing;
  pause_ms_ = kPauseMs * static_cast<uint32_t>(tries_);
  if (wanted_ == Ask::Stop && asked_ != Ask::Stop) {
    asked_ = Ask::Stop;
    wanted_ = Ask::None;
    tries_ = 0;
  }
  if (tries_ < kTries) return;
  certain_ = false;
  found(why);
  going_ = false;
  if (stopping_) {
    asked_ = Ask::Stop;
    tries_ = 0;
    pause_ms_ = kRetryMs;
  } else {
    line_ = Line::Free;
    polled_ms_ = now_ms;
  }
}

void BusMotor::found(Fault fault) {
  if (found_ == Fault::None) found_ = fault;
}

shade::Feedback BusMotor::feedback() {
  shade::Feedback seen;
  seen.fault = found_;
  seen.measured = position_;
  seen.absolute = certain_;
  seen.arrived = arrived_;
  seen.at_open = arrived_ && aim_ == kOpened;
  seen.at_closed = arrived_ && aim_ == 0;
  seen.pending = stopping_;  // where it stands is known when it does
  return seen;
}
