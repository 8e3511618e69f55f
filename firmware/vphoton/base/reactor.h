// The one event loop of a virtual Photon: file descriptors and timers on poll(2), nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/turns.h"

namespace vphoton {

class Reactor {
 public:
  using FdHandler = std::function<void(short poll_events)>;
  using TimerHandler = std::function<void()>;
  using TimerId = uint64_t;  // 0 is never a timer

  // With `turns` it waits as they say, in a thread shared with others; else in one of its own.
  explicit Reactor(Turns* turns = nullptr);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Calls `handler` whenever one of `poll_events` (POLLIN, POLLOUT, ...) holds. One handler per descriptor.
  // One that is pausable waits while the reactor is paused.
  void watch(int fd, short poll_events, FdHandler handler, bool pausable = false);
  void modify(int fd, short poll_events);
  // Safe from within any handler; a forgotten descriptor is never called again, even in the same round.
  void forget(int fd);

  // Calls `handler` once, `delay_ms` from now. Safe to add or cancel timers from within handlers.
  TimerId after(uint64_t delay_ms, TimerHandler handler, bool pausable = false);
  void cancel(TimerId id);

  // Milliseconds of CLOCK_MONOTONIC since the reactor was made.
  uint64_t now_ms() const;
  uint64_t now_us() const;

  // Waits at most `max_wait_ms` (-1: until something happens), handles what is due, returns.
  // May be called from within a handler (the firmware's delay() does).
  void run_once(int max_wait_ms);

  // When the next timer is due, by now_us().
  std::optional<uint64_t> next_due_us() const {
    return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first);
  }

  // Calls the handler of the next timer now, before it is due. False: there is no timer.
  bool expire_next();

  // Holds back what is pausable.
  void pause(bool on) { paused_ = on; }
  bool paused() const { return paused_; }

  // When the last round had asked all descriptors; 0: never.
  uint64_t asked_us() const { return asked_us_; }

  // How often run_once() was called, and how many handlers it has called.
  uint64_t rounds() const { return rounds_; }
  uint64_t handled() const { return handled_; }

 private:
  struct Timer {
    TimerId id;
    TimerHandler handler;
    bool pausable;
  };
  bool held(bool pausable) const { return paused_ && pausable; }

  Turns* turns_;
  bool paused_ = false;
  uint64_t origin_us_;
  uint64_t asked_us_ = 0;
  uint64_t rounds_ = 0;
  uint64_t handled_ = 0;
  TimerId next_id_ = 1;
  std::multimap<uint64_t, Timer> timers_;  // due time in microseconds
  std::unordered_map<TimerId, std::multimap<uint64_t, Timer>::iterator> by_id_;
  struct Watch {
    uint64_t generation;  // tells a re-used descriptor from the one poll() reported
    short events;
    FdHandler handler;
    bool pausable;
  };
  uint64_t generation_ = 0;
  std::map<int, Watch> watches_;
};

}  // namespace vphoton
