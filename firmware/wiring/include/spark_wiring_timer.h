// Software timers, which run on a thread of the system's.
#pragma once

#include <chrono>
#include <functional>

#include "device_os/functions.h"

class Timer {
 public:
  typedef std::function<void()> timer_callback_fn;
  static constexpr unsigned default_wait = 0x7FFFFFFF;

  Timer(unsigned period_ms, timer_callback_fn callback, bool one_shot = false);
  template <typename T>
  Timer(unsigned period_ms, void (T::*handler)(), T& instance, bool one_shot = false)
      : Timer(period_ms, [handler, &instance]() { (instance.*handler)(); }, one_shot) {}
  virtual ~Timer() { dispose(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // False when there is no timer, or its thread took no orders for `block` milliseconds. Starting a running timer
  // begins its period anew.
  bool start(unsigned block = default_wait) { return restart(block, false); }
  bool stop(unsigned block = default_wait) { return change(OS_TIMER_CHANGE_STOP, block, false); }
  bool reset(unsigned block = default_wait) { return change(OS_TIMER_CHANGE_RESET, block, false); }
  bool changePeriod(unsigned period_ms, unsigned block = default_wait) {
    return change(OS_TIMER_CHANGE_PERIOD, block, false, period_ms);
  }
  bool changePeriod(std::chrono::milliseconds period, unsigned block = default_wait) {
    return changePeriod(static_cast<unsigned>(period.count()), block);
  }
  bool startFromISR() { return restart(0, true); }
  bool stopFromISR() { return change(OS_TIMER_CHANGE_STOP, 0, true); }
  bool resetFromISR() { return change(OS_TIMER_CHANGE_RESET, 0, true); }
  bool changePeriodFromISR(unsigned period_ms) { return change(OS_TIMER_CHANGE_PERIOD, 0, true, period_ms); }
  bool isValid() const { return handle_ != nullptr; }
  bool isActive() const { return handle_ && os_timer_is_active(handle_, nullptr); }
  void dispose();  // waits for the callback

  virtual void timeout() {
    if (callback_) callback_();
  }

 private:
  static void expired(os_timer_t handle);
  bool restart(unsigned block, bool in_interrupt);
  bool change(os_timer_change_t what, unsigned block, bool in_interrupt, unsigned period_ms = 0);

  volatile bool running_ = false;
  os_timer_t handle_ = nullptr;
  timer_callback_fn callback_;
};
