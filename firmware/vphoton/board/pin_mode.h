// What the firmware makes of a pin.
#pragma once

#include <cstdint>

namespace vphoton {

enum class PinMode : uint8_t { None, Input, Output, InputPullup, InputPulldown, AnalogOutput };
constexpr int kPinCount = 25;  // D0..D7, A0..A7, RX, TX and the Photon's extra pads, numbered as the Wiring API does

}  // namespace vphoton
