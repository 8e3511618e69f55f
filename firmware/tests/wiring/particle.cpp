#include "Particle.h"

namespace {
vphoton::Device* wired = nullptr;
}

void wire_to(vphoton::Device* device) { wired = device; }
vphoton::Device& wired_device() { return *wired; }

SerialPort Serial1;
SpiPort SPI;
SystemClass System;

void pinMode(pin_t pin, PinMode mode) {
  static constexpr vphoton::PinMode kModes[] = {vphoton::PinMode::Input, vphoton::PinMode::Output,
                                                vphoton::PinMode::InputPullup, vphoton::PinMode::InputPulldown};
  wired_device().pin_mode(pin, kModes[mode]);
}

void analogWrite(pin_t pin, uint32_t duty) {
  if (wired_device().pin_mode(pin) != vphoton::PinMode::AnalogOutput)
    wired_device().pin_mode(pin, vphoton::PinMode::AnalogOutput);
  wired_device().pin_write(pin, static_cast<int>(duty));
}
