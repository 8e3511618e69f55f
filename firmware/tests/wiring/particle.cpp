#include "Particle.h"

using vphoton::device;

SerialPort Serial1;
SystemClass System;

void pinMode(pin_t pin, PinMode mode) {
  static constexpr vphoton::PinMode kModes[] = {vphoton::PinMode::Input, vphoton::PinMode::Output,
                                                vphoton::PinMode::InputPullup, vphoton::PinMode::InputPulldown};
  device().pin_mode(pin, kModes[mode]);
}

void analogWrite(pin_t pin, uint32_t duty) {
  if (device().pin_mode(pin) != vphoton::PinMode::AnalogOutput) device().pin_mode(pin, vphoton::PinMode::AnalogOutput);
  device().pin_write(pin, static_cast<int>(duty));
}
