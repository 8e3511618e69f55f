// The registers an application reaches itself: GPIO ports, as pinSetFast() and pinReadFast() use them, and the cycle
// counter.
#pragma once

#include <cstdint>
#include "machine/memory.h"
#include "system/device.h"

namespace vphoton::system {

// Where a pin of Wiring is. Device OS 2.3.1, pinmap_hal.c.
struct PinPlace {
  char port;  // 'A' ...
  uint8_t bit;
  uint8_t adc = 0xFF;
  uint8_t dac = 0xFF;
  uint8_t timer = 0;  // 0: none
  uint8_t timer_channel = 0;
};
constexpr int kMappedPins = 24;
extern const PinPlace kPinPlaces[kMappedPins];

class PeripheralRegisters : public machine::Peripheral {
 public:
  explicit PeripheralRegisters(Device& device) : device_(device) {}
  uint32_t read(uint32_t address, uint32_t size) override;
  void write(uint32_t address, uint32_t size, uint32_t value) override;

 private:
  bool drives(int pin) const;
  uint32_t levels(char port) const;
  void set_and_reset(char port, uint32_t bits);

  Device& device_;
  bool warned_ = false;  // of a register that is not modelled
};

constexpr uint32_t gpio_address(char port) { return machine::kGpioBase + 0x400 * static_cast<uint32_t>(port - 'A'); }

}  // namespace vphoton::system
