#include "system/registers.h"

#include "base/log.h"

namespace vphoton::system {
namespace {

constexpr uint32_t kMoveableBits = 0xFFFF;
constexpr uint32_t kCyclesPerMicrosecond = 120;

// Offsets in a port. STM32F2 reference manual, GPIO registers.
constexpr uint32_t kMode = 0x00;
constexpr uint32_t kInput = 0x10;
constexpr uint32_t kOutput = 0x14;
constexpr uint32_t kSetReset = 0x18;
constexpr uint32_t kPortSize = 0x400;

constexpr uint8_t kNone = 0xFF;

}  // namespace

const PinPlace kPinPlaces[kMappedPins] = {
    {'B', 7, kNone, kNone, 4, 2},  // D0
    {'B', 6, kNone, kNone, 4, 1},  // D1
    {'B', 5, kNone, kNone, 3, 2},  // D2
    {'B', 4, kNone, kNone, 3, 1},  // D3
    {'B', 3},                      // D4
    {'A', 15},                     // D5
    {'A', 14},                     // D6
    {'A', 13},                     // D7
    {'A', 8},                      // 8 and 9: not led out
    {'A', 9},
    {'C', 5, 15},                   // A0
    {'C', 3, 13},                   // A1
    {'C', 2, 12},                   // A2
    {'A', 5, 5, 2},                 // A3, DAC2
    {'A', 6, 6, kNone, 3, 1},       // A4
    {'A', 7, 7, kNone, 3, 2},       // A5
    {'A', 4, 4, 1},                 // A6, DAC
    {'A', 0, 0, kNone, 5, 1},       // A7, WKP
    {'A', 10, kNone, kNone, 1, 3},  // RX
    {'A', 9, kNone, kNone, 1, 2},   // TX
    {'C', 7},                       // SETUP
    {'A', 1, kNone, kNone, 2, 2},   // RGB LED
    {'A', 2, kNone, kNone, 2, 3},
    {'A', 3, kNone, kNone, 2, 4},
};

bool PeripheralRegisters::drives(int pin) const {
  PinMode mode = device_.pin_mode(pin);
  return mode == PinMode::Output || mode == PinMode::AnalogOutput;
}

uint32_t PeripheralRegisters::levels(char port) const {
  uint32_t levels = 0;
  for (int pin = 0; pin < kMappedPins; ++pin)
    if (kPinPlaces[pin].port == port && device_.pin_read(pin)) levels |= 1u << kPinPlaces[pin].bit;
  return levels;
}

// Those of `bits` that are set or reset, by the upper half.
void PeripheralRegisters::set_and_reset(char port, uint32_t bits) {
  for (int pin = 0; pin < kMappedPins; ++pin) {
    if (kPinPlaces[pin].port != port) continue;
    const uint32_t bit = 1u << kPinPlaces[pin].bit;
    if (bits & bit)
      device_.pin_write(pin, 1);
    else if (bits >> 16 & bit)
      device_.pin_write(pin, 0);
  }
}

uint32_t PeripheralRegisters::read(uint32_t address, uint32_t size) {
  if (address - machine::kCycleCounter < 4) {
    const uint32_t cycles = device_.micros() * kCyclesPerMicrosecond;
    return cycles >> 8 * (address - machine::kCycleCounter);
  }
  const uint32_t offset = (address - machine::kGpioBase) % kPortSize;
  const char port = static_cast<char>('A' + (address - machine::kGpioBase) / kPortSize);
  uint32_t value = 0;
  if (offset - kInput < 4 || offset - kOutput < 4) {
    value = levels(port);
  } else if (offset - kMode < 4) {
    for (int pin = 0; pin < kMappedPins; ++pin)
      if (kPinPlaces[pin].port == port && drives(pin)) value |= 1u << 2 * kPinPlaces[pin].bit;
  }
  return value >> 8 * (offset % 4);
}

void PeripheralRegisters::write(uint32_t address, uint32_t size, uint32_t value) {
  if (address - machine::kCycleCounter < 4) return;
  const uint32_t offset = (address - machine::kGpioBase) % kPortSize;
  const char port = static_cast<char>('A' + (address - machine::kGpioBase) / kPortSize);
  value <<= 8 * (offset % 4);
  if (offset - kSetReset < 4) {
    set_and_reset(port, value);
  } else if (offset == kOutput && size >= 2) {
    set_and_reset(port, (value & kMoveableBits) | (~value & kMoveableBits) << 16);
  } else {
    if (!warned_) log_warning("the register at 0x%08x is not modelled: what is written to it is lost", address);
    warned_ = true;
  }
}

}  // namespace vphoton::system
