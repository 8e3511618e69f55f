// Pins and their interrupts.
#include "core/device.h"

#include "application.h"

using vphoton::device;

namespace {

bool exists(pin_t pin) { return pin < vphoton::kPinCount; }

vphoton::PinMode to_device(PinMode mode) {
  switch (mode) {
    case INPUT:
    case AN_INPUT:
      return vphoton::PinMode::Input;
    case OUTPUT:
    case AF_OUTPUT_PUSHPULL:
    case AF_OUTPUT_DRAIN:
      return vphoton::PinMode::Output;
    case INPUT_PULLUP:
      return vphoton::PinMode::InputPullup;
    case INPUT_PULLDOWN:
      return vphoton::PinMode::InputPulldown;
    case AN_OUTPUT:
      return vphoton::PinMode::AnalogOutput;
    case PIN_MODE_NONE:
      break;
  }
  return vphoton::PinMode::None;
}

}  // namespace

void pinMode(pin_t pin, PinMode mode) {
  if (exists(pin)) device().pin_mode(pin, to_device(mode));
}

PinMode getPinMode(pin_t pin) {
  if (!exists(pin)) return PIN_MODE_NONE;
  switch (device().pin_mode(pin)) {
    case vphoton::PinMode::Input:
      return INPUT;
    case vphoton::PinMode::Output:
      return OUTPUT;
    case vphoton::PinMode::InputPullup:
      return INPUT_PULLUP;
    case vphoton::PinMode::InputPulldown:
      return INPUT_PULLDOWN;
    case vphoton::PinMode::AnalogOutput:
      return AN_OUTPUT;
    case vphoton::PinMode::None:
      break;
  }
  return PIN_MODE_NONE;
}

bool pinAvailable(pin_t pin) { return exists(pin); }

void digitalWrite(pin_t pin, uint8_t value) {
  if (exists(pin) && device().pin_mode(pin) == vphoton::PinMode::Output) device().pin_write(pin, value ? 1 : 0);
}

int32_t digitalRead(pin_t pin) { return exists(pin) ? device().pin_read(pin) : 0; }

int32_t analogRead(pin_t pin) {
  if (pin < 8) pin += A0;  // analogRead(0) means A0
  return exists(pin) ? device().analog_read(pin) : 0;
}

void analogWrite(pin_t pin, uint32_t value) {
  if (!exists(pin)) return;
  if (device().pin_mode(pin) != vphoton::PinMode::AnalogOutput) device().pin_mode(pin, vphoton::PinMode::AnalogOutput);
  device().pin_write(pin, static_cast<int>(min(value, 255u)));
}

void analogWrite(pin_t pin, uint32_t value, uint32_t) { analogWrite(pin, value); }

void pinSetFast(pin_t pin) { device().pin_write(pin, 1); }
void pinResetFast(pin_t pin) { device().pin_write(pin, 0); }
void digitalWriteFast(pin_t pin, uint8_t value) { device().pin_write(pin, value ? 1 : 0); }
int32_t pinReadFast(pin_t pin) { return device().pin_read(pin); }

bool attachInterrupt(pin_t pin, wiring_interrupt_handler_t handler, InterruptMode mode) {
  if (!exists(pin) || !handler) return false;
  device().attach_interrupt(pin, mode + 1, handler);
  return true;
}

bool detachInterrupt(pin_t pin) {
  if (!exists(pin)) return false;
  device().attach_interrupt(pin, 1, nullptr);
  return true;
}
