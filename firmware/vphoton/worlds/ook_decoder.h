// The receiver of an A-OK tube motor: from pulses of carrier and silence to frames, with the tolerance of a receiver
// and nothing known of what comes before a frame.
//
// A frame begins with a pulse of 17 units and a pause of one or two. 65 bits follow: 0 is a pulse of one unit and a
// pause of two, 1 is two and one. A unit is 300 us, and each length may be a quarter off: sage905/esphome,
// aok_protocol.cpp, commit 7d95a82, and the default tolerance of ESPHome's remote_receiver, whose filter takes pulses
// of less than 50 us for part of what surrounds them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace vphoton {

struct OokFrame {
  uint32_t remote;    // 24 bits
  uint16_t channels;  // a bit for each of sixteen
  uint8_t command;
};

class OokDecoder {
 public:
  // A level and how long it lasted, then the next one; levels need not alternate. A frame, as soon as its last pulse is
  // over.
  std::optional<OokFrame> feed(bool carrier, double us);
  // Frames whose sum or constant bits were wrong.
  uint32_t damaged() const { return damaged_; }

 private:
  enum class State { Idle, Synchronized, Bits };

  std::optional<OokFrame> pulse(double us);
  void pause(double us);
  std::optional<OokFrame> finish();

  // The pulse or pause under way, into which shorter ones are taken.
  bool level_ = false;
  double us_ = 0;
  double short_us_ = 0;

  State state_ = State::Idle;
  double pulse_us_ = 0;  // of the bit under way
  int bits_ = 0;
  std::array<uint8_t, 8> bytes_{};
  uint32_t damaged_ = 0;
};

}  // namespace vphoton
