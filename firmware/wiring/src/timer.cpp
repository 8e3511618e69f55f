// Timer.
#include "spark_wiring_timer.h"

#include "spark_wiring_thread.h"

Timer::Timer(unsigned period_ms, timer_callback_fn callback, bool one_shot) : callback_(std::move(callback)) {
  os_timer_create(&handle_, period_ms, expired, this, one_shot, nullptr);
}

bool Timer::restart(unsigned block, bool in_interrupt) {
  change(OS_TIMER_CHANGE_STOP, block, in_interrupt);
  return change(OS_TIMER_CHANGE_START, block, in_interrupt);
}

bool Timer::change(os_timer_change_t what, unsigned block, bool in_interrupt, unsigned period_ms) {
  return handle_ && os_timer_change(handle_, what, in_interrupt, period_ms, block, nullptr) == 0;
}

// The timer's thread finds its object by the id, so that a timer that goes away meanwhile is not called any more.
void Timer::dispose() {
  if (!handle_) return;
  stop();
  os_timer_set_id(handle_, nullptr);
  while (running_) os_thread_yield();
  os_timer_destroy(handle_, nullptr);
  handle_ = nullptr;
}

void Timer::expired(os_timer_t handle) {
  Timer* timer = nullptr;
  SINGLE_THREADED_BLOCK() {
    void* id = nullptr;
    os_timer_get_id(handle, &id);
    timer = static_cast<Timer*>(id);
    if (timer) timer->running_ = true;
  }
  if (!timer) return;
  timer->timeout();
  timer->running_ = false;
}
