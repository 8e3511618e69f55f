// Handlers for pin changes. On the virtual Photon they run on the application's thread.
#pragma once

#include <functional>

#include "spark_wiring_gpio.h"

enum InterruptMode { CHANGE, RISING, FALLING };

typedef std::function<void()> wiring_interrupt_handler_t;

bool attachInterrupt(pin_t pin, wiring_interrupt_handler_t handler, InterruptMode mode);
template <typename T>
bool attachInterrupt(pin_t pin, void (T::*handler)(), T* instance, InterruptMode mode) {
  return attachInterrupt(pin, [handler, instance]() { (instance->*handler)(); }, mode);
}
bool detachInterrupt(pin_t pin);
