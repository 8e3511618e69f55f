#include "radio_remote.h"

namespace {

const uint32_t kFrameMs = 10 * 10 * 1000 / RadioRemote::kBaud + 2;  // 10 bytes of 10 bits

}  // namespace

bool RadioRemote::begin() {
  pinMode(enable_, OUTPUT);
  pinMode(ready_, INPUT_PULLDOWN);
  off();
  Serial1.begin(kBaud);
  // The last digits of the device id: as good as unique within reach.
  const String id = System.deviceID();
  for (int i = 0; i < 3; ++i)
    remote_[i] = static_cast<uint8_t>(strtoul(id.substring(18 + 2 * i, 20 + 2 * i).c_str(), nullptr, 16));
  if (code_.begin()) return true;
  found_ = shade::Fault::SettingsLost;
  return false;
}

bool RadioRemote::run(const shade::Leg& leg) { return send(leg.direction == shade::Direction::Open ? kUp : kDown); }

bool RadioRemote::stop() {
  if (found_ == shade::Fault::SettingsLost) return false;
  found_ = shade::Fault::None;
  return send(kStop);
}

bool RadioRemote::send(Command command) {
  if (found_ == shade::Fault::SettingsLost) return false;
  asked_ms_ = millis();
  late_ = false;
  if (state_ != State::Off) {
    next_ = command;
    return true;
  }
  if (!load(command)) return false;
  digitalWrite(enable_, HIGH);
  state_ = State::Waking;
  since_ms_ = millis();
  return true;
}

bool RadioRemote::load(Command command) {
  uint32_t code;
  if (!code_.next(code)) {
    found_ = shade::Fault::Storage;
    return false;
  }
  frame_[0] = 0xA5;
  memcpy(frame_ + 1, remote_, sizeof remote_);
  frame_[4] = command;
  shade::put_number(frame_ + 5, code, 4);
  frame_[9] = 0;
  for (int i = 1; i < 9; ++i) frame_[9] ^= frame_[i];
  sent_ = 0;
  return true;
}

void RadioRemote::write_frame(uint32_t now_ms) {
  Serial1.write(frame_, sizeof frame_);
  if (sent_ == 0 && millis() - asked_ms_ > kLatestMs) late_ = true;
  ++sent_;
  state_ = State::Sending;
  since_ms_ = now_ms;
}

void RadioRemote::off() {
  digitalWrite(enable_, LOW);
  state_ = State::Off;
  next_ = kNone;
}

void RadioRemote::tick(uint32_t now_ms) {
  if (state_ == State::Waking && digitalRead(ready_)) {
    write_frame(now_ms);
  } else if (state_ == State::Waking && now_ms - since_ms_ >= kReadyMs) {
    off();
    found_ = shade::Fault::Driver;
  } else if (state_ == State::Sending && now_ms - since_ms_ >= kFrameMs) {
    Command command = next_;
    next_ = kNone;
    bool goes_on = command == kNone ? sent_ < kRepeats : load(command);
    if (goes_on)
      write_frame(now_ms);
    else
      off();
  }
}

uint32_t RadioRemote::due_in(uint32_t now_ms) {
  if (state_ == State::Off) return kNothingDue;
  if (state_ == State::Waking) return kPollMs;
  uint32_t sent = now_ms - since_ms_;
  return sent >= kFrameMs ? 0 : kFrameMs - sent;
}

shade::Feedback RadioRemote::feedback() {
  shade::Feedback seen;
  seen.fault = found_;
  // A frame has been on the air when the next one begins.
  seen.pending = state_ == State::Waking || (state_ == State::Sending && (sent_ < 2 || next_ != kNone));
  seen.late = late_;
  return seen;
}
