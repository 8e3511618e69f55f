// Software timers. On a Photon they run in a thread of the system's; here between rounds of the event loop, so also
// while the application waits.
#pragma once

#include <stdint.h>

#include <functional>

class Timer {
 public:
  typedef std::function<void()> timer_callback_fn;

  Timer(unsigned period_ms, timer_callback_fn callback, bool one_shot = false)
      : period_ms_(period_ms), callback_(callback), one_shot_(one_shot) {}
  template <typename T>
  Timer(unsigned period_ms, void (T::*handler)(), T& instance, bool one_shot = false)
      : Timer(period_ms, [handler, &instance]() { (instance.*handler)(); }, one_shot) {}
  virtual ~Timer() { stop(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Each returns true. Starting a running timer begins its period anew.
  bool start(unsigned block = 0);
  bool stop(unsigned block = 0);
  bool reset(unsigned block = 0) { return start(block); }
  bool changePeriod(unsigned period_ms, unsigned block = 0) {
    period_ms_ = period_ms;
    return start(block);
  }
  bool startFromISR() { return start(); }
  bool stopFromISR() { return stop(); }
  bool resetFromISR() { return reset(); }
  bool changePeriodFromISR(unsigned period_ms) { return changePeriod(period_ms); }
  bool isActive() const { return id_ != 0; }
  void dispose() { stop(); }

  virtual void timeout() {
    if (callback_) callback_();
  }

 private:
  void expired();

  unsigned period_ms_;
  timer_callback_fn callback_;
  bool one_shot_;
  uint64_t id_ = 0;
};
