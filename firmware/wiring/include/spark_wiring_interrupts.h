// Handlers for pin changes, which run in the interrupt.
#pragma once

#include <functional>

#include "device_os/functions.h"

typedef std::function<void()> wiring_interrupt_handler_t;
typedef void (*raw_interrupt_handler_t)(void);

// Without a priority (0 highest ... 15) the system's for pins.
bool attachInterrupt(uint16_t pin, wiring_interrupt_handler_t handler, InterruptMode mode, int8_t priority = -1,
                     uint8_t subpriority = 0);
bool attachInterrupt(uint16_t pin, raw_interrupt_handler_t handler, InterruptMode mode, int8_t priority = -1,
                     uint8_t subpriority = 0);
template <typename T>
bool attachInterrupt(uint16_t pin, void (T::*handler)(), T* instance, InterruptMode mode, int8_t priority = -1,
                     uint8_t subpriority = 0) {
  return attachInterrupt(pin, wiring_interrupt_handler_t([handler, instance]() { (instance->*handler)(); }), mode,
                         priority, subpriority);
}
bool detachInterrupt(uint16_t pin);

// Of the processor, as CMSIS names them.
#ifndef __disable_irq
#define __disable_irq() __asm volatile("cpsid i" : : : "memory")
#define __enable_irq() __asm volatile("cpsie i" : : : "memory")
#define __disable_fault_irq() __asm volatile("cpsid f" : : : "memory")
#define __enable_fault_irq() __asm volatile("cpsie f" : : : "memory")
#endif

inline void interrupts() { HAL_Interrupts_Enable_All(); }
inline void noInterrupts() { HAL_Interrupts_Disable_All(); }

// No interrupt comes while one exists.
class AtomicSection {
 public:
  AtomicSection() : before_(HAL_disable_irq()) {}
  ~AtomicSection() { HAL_enable_irq(before_); }
  AtomicSection(const AtomicSection&) = delete;
  AtomicSection& operator=(const AtomicSection&) = delete;

 private:
  const int before_;
};

struct AtomicConcurrency {
  int lock() const { return HAL_disable_irq(); }
  void unlock(int before) const { HAL_enable_irq(before); }
};

#define ATOMIC_BLOCK()                          \
  for (bool _atomic_once = true; _atomic_once;) \
    for (AtomicSection _atomic; _atomic_once; _atomic_once = false)
