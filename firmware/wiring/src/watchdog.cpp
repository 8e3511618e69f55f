// ApplicationWatchdog.
#include "spark_wiring_watchdog.h"

volatile system_tick_t ApplicationWatchdog::last_checkin_;

ApplicationWatchdog::ApplicationWatchdog(unsigned timeout_ms, std::function<void()> on_timeout, unsigned stack_size)
    : timeout_ms_(timeout_ms), on_timeout_(on_timeout) {
  checkin();
  thread_ = Thread("appwdt", wiring_thread_fn_t([this]() { watch(); }), OS_THREAD_PRIORITY_CRITICAL, stack_size);
}

void ApplicationWatchdog::watch() {
  while (timeout_ms_) {
    const system_tick_t silent = HAL_Timer_Get_Milli_Seconds() - last_checkin_;
    if (silent >= timeout_ms_) {
      timeout_ms_ = 0;
      if (on_timeout_) on_timeout_();
      on_timeout_ = nullptr;
      return;
    }
    HAL_Delay_Milliseconds(timeout_ms_ - silent);
  }
}
