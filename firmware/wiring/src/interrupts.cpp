// Handlers for pin changes.
#include "spark_wiring_interrupts.h"

#include "spark_wiring_gpio.h"

namespace {

wiring_interrupt_handler_t* handlers[TOTAL_PINS];

void call(void* handler) { (*static_cast<wiring_interrupt_handler_t*>(handler))(); }
void call_raw(void* handler) { reinterpret_cast<raw_interrupt_handler_t>(handler)(); }

bool attach(uint16_t pin, HAL_InterruptHandler handler, void* data, InterruptMode mode, int8_t priority,
            uint8_t subpriority) {
  HAL_InterruptExtraConfiguration extra = {HAL_INTERRUPT_EXTRA_CONFIGURATION_VERSION_1, static_cast<uint8_t>(priority),
                                           subpriority, 0};
  return HAL_Interrupts_Attach(pin, handler, data, mode, priority >= 0 ? &extra : nullptr) == 0;
}

}  // namespace

bool attachInterrupt(uint16_t pin, wiring_interrupt_handler_t handler, InterruptMode mode, int8_t priority,
                     uint8_t subpriority) {
  if (pin >= TOTAL_PINS) return false;
  HAL_Interrupts_Detach(pin);
  delete handlers[pin];
  handlers[pin] = new wiring_interrupt_handler_t(std::move(handler));
  return handlers[pin] && attach(pin, call, handlers[pin], mode, priority, subpriority);
}

bool attachInterrupt(uint16_t pin, raw_interrupt_handler_t handler, InterruptMode mode, int8_t priority,
                     uint8_t subpriority) {
  HAL_Interrupts_Detach(pin);
  return attach(pin, call_raw, reinterpret_cast<void*>(handler), mode, priority, subpriority);
}

bool detachInterrupt(uint16_t pin) {
  if (pin >= TOTAL_PINS || HAL_Interrupts_Detach(pin) != 0) return false;
  delete handlers[pin];
  handlers[pin] = nullptr;
  return true;
}
