// Table hal_concurrent: timers and mutexes.
//
// The application has one thread; timers run between its instructions. So a lock is always free when it is asked for
// by what may wait for it, and is counted only.
#include <map>

#include "system/not_modelled.h"
#include "system/serve.h"

namespace vphoton::system {
namespace {

struct SoftwareTimer {
  uint32_t period_ms;
  uint32_t callback;
  uint32_t id;
  bool one_shot;
  Reactor::TimerId running = 0;
  bool due = false;
};

// Handles are numbers without memory behind them: applications only pass them on.
struct Handles {
  uint32_t next = 0x7E000000;
  std::map<uint32_t, SoftwareTimer> timers;
  std::map<uint32_t, int> locks;
};

enum Change : uint8_t { kStart, kReset, kStop, kPeriod };

SoftwareTimer* find(Application& app, uint32_t handle) {
  auto& timers = app.state<Handles>().timers;
  auto found = timers.find(handle);
  return found == timers.end() ? nullptr : &found->second;
}

void start(Application& app, SoftwareTimer& timer, uint32_t handle);

void ring(Application& app, uint32_t handle) {
  SoftwareTimer* timer = find(app, handle);
  if (!timer || !timer->due) return;
  timer->running = 0;
  if (!timer->one_shot) start(app, *timer, handle);
  timer->due = false;
  app.call(timer->callback, {handle});
}

void expired(Application& app, uint32_t handle) {
  if (SoftwareTimer* timer = find(app, handle)) timer->due = true;
  app.when_released([&app, handle] { ring(app, handle); });
}

void stop(Application& app, SoftwareTimer& timer) {
  if (timer.running) app.device().cancel_timer(timer.running);
  timer.running = 0;
  timer.due = false;
}

void start(Application& app, SoftwareTimer& timer, uint32_t handle) {
  stop(app, timer);
  timer.running = app.device().start_timer(timer.period_ms, [&app, handle] { expired(app, handle); });
}

int32_t timer_create(Application& app, uint32_t to, uint32_t period_ms, uint32_t callback, uint32_t id, bool one_shot,
                     uint32_t) {
  auto& handles = app.state<Handles>();
  const uint32_t handle = handles.next += 4;
  handles.timers[handle] = {period_ms ? period_ms : 1, callback, id, one_shot};
  app.put<uint32_t>(to, handle);
  return 0;
}

int32_t timer_destroy(Application& app, uint32_t handle, uint32_t) {
  SoftwareTimer* timer = find(app, handle);
  if (!timer) return 1;
  stop(app, *timer);
  app.state<Handles>().timers.erase(handle);
  return 0;
}

int32_t timer_get_id(Application& app, uint32_t handle, uint32_t to) {
  SoftwareTimer* timer = find(app, handle);
  if (!timer) return 1;
  app.put<uint32_t>(to, timer->id);
  return 0;
}

int32_t timer_set_id(Application& app, uint32_t handle, uint32_t id) {
  SoftwareTimer* timer = find(app, handle);
  if (!timer) return 1;
  timer->id = id;
  return 0;
}

// FreeRTOS: a new period starts the timer.
int32_t timer_change(Application& app, uint32_t handle, uint8_t what, bool, uint32_t period_ms, uint32_t, uint32_t) {
  SoftwareTimer* timer = find(app, handle);
  if (!timer) return 1;
  if (what == kPeriod) timer->period_ms = period_ms ? period_ms : 1;
  if (what == kStop)
    stop(app, *timer);
  else
    start(app, *timer, handle);
  return 0;
}

int32_t timer_is_active(Application& app, uint32_t handle, uint32_t) {
  SoftwareTimer* timer = find(app, handle);
  return timer && timer->running;
}

int32_t lock_create(Application& app, uint32_t to) {
  auto& handles = app.state<Handles>();
  const uint32_t handle = handles.next += 4;
  handles.locks[handle] = 0;
  app.put<uint32_t>(to, handle);
  return 0;
}

int32_t lock_destroy(Application& app, uint32_t handle) { return app.state<Handles>().locks.erase(handle) ? 0 : 1; }
int32_t lock(Application& app, uint32_t handle) { return ++app.state<Handles>().locks[handle], 0; }
int32_t try_lock(Application& app, uint32_t handle) {
  int& held = app.state<Handles>().locks[handle];
  return held ? 1 : (++held, 0);
}
int32_t unlock(Application& app, uint32_t handle) {
  int& held = app.state<Handles>().locks[handle];
  return held ? (--held, 0) : 1;
}

int32_t yield(Application& app) {
  app.device().interlude();
  return 0;
}

void scheduling(Application& app, bool on, uint32_t) { app.set_scheduling(on); }

int32_t create_thread(Application&, uint32_t, uint32_t, uint8_t, uint32_t, uint32_t, uint32_t) {
  not_modelled("os_thread_create", "no thread is made");
  return 1;
}

constexpr uint32_t kThread = 0x7D000000;
uint32_t current(Application&, uint32_t) { return kThread; }
bool is_current(Application&, uint32_t thread) { return thread == kThread; }

}  // namespace

SystemFunctions hal_concurrent_functions() {
  return {
      serves<timer_create>("os_timer_create"),
      serves<timer_destroy>("os_timer_destroy"),
      serves<timer_get_id>("os_timer_get_id"),
      serves<timer_set_id>("os_timer_set_id"),
      serves<timer_change>("os_timer_change"),
      serves<timer_is_active>("os_timer_is_active"),
      serves<lock_create>("os_mutex_create"),
      serves<lock_destroy>("os_mutex_destroy"),
      serves<lock>("os_mutex_lock"),
      serves<try_lock>("os_mutex_trylock"),
      serves<unlock>("os_mutex_unlock"),
      serves<lock_create>("os_mutex_recursive_create"),
      serves<lock_destroy>("os_mutex_recursive_destroy"),
      serves<lock>("os_mutex_recursive_lock"),
      serves<lock>("os_mutex_recursive_trylock"),
      serves<unlock>("os_mutex_recursive_unlock"),
      serves<create_thread>("os_thread_create"),
      serves<yield>("os_thread_yield"),
      serves<scheduling>("os_thread_scheduling"),
      serves<current>("os_thread_current"),
      serves<is_current>("os_thread_is_current"),
  };
}

}  // namespace vphoton::system
