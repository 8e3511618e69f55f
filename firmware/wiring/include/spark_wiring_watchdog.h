// ApplicationWatchdog: a thread that acts when the application has not come round to its loop for too long.
#pragma once

#include <chrono>
#include <functional>

#include "spark_wiring_thread.h"

class ApplicationWatchdog {
 public:
  static constexpr unsigned DEFAULT_STACK_SIZE = 512;

  ApplicationWatchdog(unsigned timeout_ms, std::function<void()> on_timeout, unsigned stack_size = DEFAULT_STACK_SIZE);
  // For overloaded functions such as System.reset.
  ApplicationWatchdog(unsigned timeout_ms, void (*on_timeout)(), unsigned stack_size = DEFAULT_STACK_SIZE)
      : ApplicationWatchdog(timeout_ms, std::function<void()>(on_timeout), stack_size) {}
  ApplicationWatchdog(std::chrono::milliseconds timeout, std::function<void()> on_timeout,
                      unsigned stack_size = DEFAULT_STACK_SIZE)
      : ApplicationWatchdog(static_cast<unsigned>(timeout.count()), on_timeout, stack_size) {}

  // Done by Particle.process() and behind every loop().
  static void checkin() { last_checkin_ = HAL_Timer_Get_Milli_Seconds(); }
  bool isComplete() { return !on_timeout_; }
  void dispose() { timeout_ms_ = 0; }

 private:
  void watch();

  static volatile system_tick_t last_checkin_;

  volatile system_tick_t timeout_ms_;
  std::function<void()> on_timeout_;
  Thread thread_;
};

inline void application_checkin() { ApplicationWatchdog::checkin(); }
