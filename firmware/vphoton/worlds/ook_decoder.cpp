#include "worlds/ook_decoder.h"

namespace vphoton {
namespace {

constexpr double kUnitUs = 300;
constexpr double kTolerance = 0.25;
constexpr double kFilterUs = 50;
constexpr int kBits = 64;  // and a last one that is always 1
constexpr uint8_t kFirstByte = 0xA3;

bool takes(double us, double units) {
  return us >= units * kUnitUs * (1 - kTolerance) && us <= units * kUnitUs * (1 + kTolerance);
}

}  // namespace

std::optional<OokFrame> OokDecoder::feed(bool carrier, double us) {
  if (carrier == level_) {
    us_ += short_us_ + us;
    short_us_ = 0;
    return std::nullopt;
  }
  short_us_ += us;
  if (short_us_ < kFilterUs) return std::nullopt;
  // The other level has lasted long enough to be one.
  std::optional<OokFrame> frame;
  if (level_)
    frame = pulse(us_);
  else
    pause(us_);
  level_ = carrier;
  us_ = short_us_;
  short_us_ = 0;
  return frame;
}

std::optional<OokFrame> OokDecoder::pulse(double us) {
  pulse_us_ = us;
  if (takes(us, 17)) {
    state_ = State::Synchronized;
    return std::nullopt;
  }
  if (state_ == State::Synchronized || (!takes(us, 1) && !takes(us, 2))) state_ = State::Idle;
  if (state_ != State::Bits || bits_ < kBits) return std::nullopt;
  state_ = State::Idle;
  return finish();
}

void OokDecoder::pause(double us) {
  if (state_ == State::Synchronized) {
    bool short_enough = us >= kUnitUs * (1 - kTolerance) && us <= 2 * kUnitUs * (1 + kTolerance);
    state_ = short_enough ? State::Bits : State::Idle;
    bits_ = 0;
  } else if (state_ == State::Bits) {
    bool one = takes(pulse_us_, 2);
    if (!takes(us, one ? 1 : 2)) {
      state_ = State::Idle;
      return;
    }
    uint8_t& byte = bytes_[static_cast<size_t>(bits_ / 8)];
    byte = static_cast<uint8_t>(byte << 1 | (one ? 1 : 0));
    ++bits_;
  }
}

// The last bit's pulse is over.
std::optional<OokFrame> OokDecoder::finish() {
  unsigned sum = 0;
  for (size_t i = 1; i < 7; ++i) sum += bytes_[i];
  if (!takes(pulse_us_, 2) || bytes_[0] != kFirstByte || (sum & 0xFF) != bytes_[7]) {
    ++damaged_;
    return std::nullopt;
  }
  return OokFrame{static_cast<uint32_t>(bytes_[1] << 16 | bytes_[2] << 8 | bytes_[3]),
                  static_cast<uint16_t>(bytes_[4] << 8 | bytes_[5]), bytes_[6]};
}

}  // namespace vphoton
