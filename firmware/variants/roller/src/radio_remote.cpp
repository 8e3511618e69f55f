#include "radio_remote.h"

volatile bool RadioRemote::ended_ = false;

void RadioRemote::ended() { ended_ = true; }

bool RadioRemote::begin() {
  // The last digits of the device id: as good as unique within reach.
  const String id = System.deviceID();
  for (unsigned i = 0; i < 3; ++i)
    remote_[i] = static_cast<uint8_t>(strtoul(id.substring(18 + 2 * i, 20 + 2 * i).c_str(), nullptr, 16));
  SPI.setClockDivider(SPI_CLOCK_DIV256);
  SPI.setBitOrder(MSBFIRST);
  SPI.setDataMode(SPI_MODE0);
  SPI.begin();
  // MOSI is low from here on: no carrier.
  memset(wave_, 0, sizeof wave_);
  sum_ = sum_of_wave();
  left_ = 1;
  SINGLE_THREADED_BLOCK() { transmit(); }
  return true;
}

bool RadioRemote::run(const shade::Leg& leg) { return send(leg.direction == shade::Direction::Open ? kUp : kDown); }

bool RadioRemote::stop() {
  found_ = shade::Fault::None;
  return send(kStop);
}

// From the loop, and by the watchdog from another thread.
bool RadioRemote::send(Command command) {
  SINGLE_THREADED_BLOCK() {
    asked_ms_ = millis();
    late_ = false;
    next_ = command;
    if (!busy_) {
      load(next_);
      transmit();
    }
  }
  return true;
}

void RadioRemote::load(Command command) {
  const uint8_t bytes[kBytes - 1] = {kStart,         remote_[0],       remote_[1], remote_[2],
                                     kChannels >> 8, kChannels & 0xFF, command};
  uint32_t* at = wave_;
  const auto put = [&at](bool carrier, size_t units) {
    for (size_t i = 0; i < units * kWordsPerUnit; ++i) *at++ = carrier ? 0xFFFFFFFF : 0;
  };
  const auto put_bit = [&put](bool one) {
    put(true, one ? 2 : 1);
    put(false, one ? 1 : 2);
  };
  const auto put_byte = [&put_bit](uint8_t value) {
    for (int bit = 7; bit >= 0; --bit) put_bit(value >> bit & 1);
  };
  put(false, kSilence);
  put(true, kSyncHigh);
  put(false, kSyncLow);
  uint8_t sum = 0;
  for (uint8_t each : bytes) put_byte(each);
  for (size_t i = 1; i < sizeof bytes; ++i) sum = static_cast<uint8_t>(sum + bytes[i]);
  put_byte(sum);
  put_bit(true);
  sum_ = sum_of_wave();
  command_ = command;
  next_ = kNone;
  left_ = kRepeats;
  if (millis() - asked_ms_ > kLatestMs) late_ = true;
}

uint32_t RadioRemote::sum_of_wave() const {
  uint32_t sum = 0;
  for (uint32_t word : wave_) sum = 31 * sum + word;
  return sum;
}

void RadioRemote::transmit() {
  busy_ = true;
  ended_ = false;
  since_ms_ = millis();
  SPI.transfer(wave_, wave_, sizeof wave_, ended);
}

// The time is taken here: since the loop took its own the watchdog may have sent something.
void RadioRemote::tick(uint32_t) {
  SINGLE_THREADED_BLOCK() {
    if (!busy_ || (!ended_ && millis() - since_ms_ < kDeadMs)) return;
    bool dead = !ended_;
    if (dead) SPI.transferCancel();
    // The wire to the module is broken or shorted. What is left is sent even so: a stop may still get through.
    bool damaged = dead || sum_of_wave() != sum_;
    if (damaged) found_ = shade::Fault::Driver;
    --left_;
    if (next_ != kNone) {
      load(next_);
    } else if (damaged && left_ > 0) {
      const int left = left_;
      load(command_);
      left_ = left;
    }
    busy_ = left_ > 0;
    if (busy_) transmit();
  }
}

uint32_t RadioRemote::due_in(uint32_t now_ms) {
  if (!busy_) return kNothingDue;
  if (ended_) return 0;
  uint32_t on_air = now_ms - since_ms_;
  return on_air >= kFrameMs ? 1 : kFrameMs - on_air;
}

shade::Feedback RadioRemote::feedback() {
  shade::Feedback seen;
  seen.fault = found_;
  // Any of the frames may be the first that the motor hears.
  seen.pending = busy_ && (command_ != kNone || next_ != kNone);
  seen.late = late_;
  return seen;
}
