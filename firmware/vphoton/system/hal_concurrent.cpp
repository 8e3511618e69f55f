// Table hal_concurrent: timers, threads, and what these wait for: mutexes, semaphores, queues.
//
// Timers run between the instructions of the application's own thread.
#include <algorithm>
#include <map>

#include "system/serve.h"
#include "system/services/panic.h"

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

constexpr uint32_t kMostName = 16;  // FreeRTOS: configMAX_TASK_NAME_LEN, with its end

struct Lock {
  int count = 0;
  uint32_t holder = 0;
  size_t depth = 0;  // of the holder's calls
};

struct Semaphore {
  uint32_t count;
  uint32_t most;
};

struct Queue {
  uint32_t items;  // their address
  uint32_t size;   // of one
  uint32_t most;
  uint32_t first = 0;
  uint32_t count = 0;

  uint32_t at(uint32_t number) const { return items + number % most * size; }
};

// Handles are numbers without memory behind them: applications only pass them on.
struct Handles {
  uint32_t next = 0x7E000000;
  std::map<uint32_t, SoftwareTimer> timers;
  std::map<uint32_t, Lock> locks;
  std::map<uint32_t, Semaphore> semaphores;
  std::map<uint32_t, Queue> queues;
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
  handles.locks[handle] = {};
  app.put<uint32_t>(to, handle);
  return 0;
}

int32_t lock_destroy(Application& app, uint32_t handle) { return app.state<Handles>().locks.erase(handle) ? 0 : 1; }

// A plain lock is granted again only to what interrupts its holder: on a Photon that is another thread, which would get
// it later.
bool take(Application& app, Lock& lock, bool again) {
  const uint32_t current = app.threads().current().handle;
  const size_t depth = app.processor().calls();
  if (lock.count > 0 && (lock.holder != current || (!again && depth <= lock.depth))) return false;
  if (lock.count++ == 0) {
    lock.holder = current;
    lock.depth = depth;
  }
  return true;
}

int32_t acquire(Application& app, uint32_t handle, bool again) {
  const auto lock = [&app, handle]() -> Lock& { return app.state<Handles>().locks[handle]; };
  app.wait(Application::kForever, handle, [&] { return take(app, lock(), again); }, [&] { return lock().holder; });
  return 0;
}

int32_t lock(Application& app, uint32_t handle) { return acquire(app, handle, false); }
int32_t lock_recursive(Application& app, uint32_t handle) { return acquire(app, handle, true); }

int32_t try_lock(Application& app, uint32_t handle) {
  Lock& lock = app.state<Handles>().locks[handle];
  return lock.count == 0 && take(app, lock, false) ? 0 : 1;
}
int32_t try_lock_recursive(Application& app, uint32_t handle) {
  return take(app, app.state<Handles>().locks[handle], true) ? 0 : 1;
}

int32_t release(Application& app, uint32_t handle, bool holder_only) {
  Lock& lock = app.state<Handles>().locks[handle];
  if (lock.count == 0 || (holder_only && lock.holder != app.threads().current().handle)) return 1;
  if (--lock.count > 0) return 0;
  lock.holder = 0;
  app.threads().wake(handle);
  return 0;
}

int32_t unlock(Application& app, uint32_t handle) { return release(app, handle, false), 0; }
int32_t unlock_recursive(Application& app, uint32_t handle) { return release(app, handle, true); }

int32_t semaphore_create(Application& app, uint32_t to, uint32_t most, uint32_t count) {
  auto& handles = app.state<Handles>();
  const bool possible = most > 0 && count <= most;
  const uint32_t handle = possible ? handles.next += 4 : 0;
  if (possible) handles.semaphores[handle] = {count, most};
  app.put<uint32_t>(to, handle);
  return possible ? 0 : 1;
}

int32_t semaphore_destroy(Application& app, uint32_t handle) {
  return app.state<Handles>().semaphores.erase(handle) ? 0 : 1;
}

int32_t semaphore_take(Application& app, uint32_t handle, uint32_t ms, bool) {
  auto& semaphores = app.state<Handles>().semaphores;
  const auto ready = [&semaphores, handle] {
    const auto found = semaphores.find(handle);
    return found != semaphores.end() && found->second.count > 0 && (--found->second.count, true);
  };
  return app.wait(ms, handle, ready) ? 0 : 1;
}

int32_t semaphore_give(Application& app, uint32_t handle, bool) {
  auto& semaphores = app.state<Handles>().semaphores;
  const auto found = semaphores.find(handle);
  if (found == semaphores.end() || found->second.count == found->second.most) return 1;
  ++found->second.count;
  app.threads().wake(handle);
  return 0;
}

// A queue's items lie in the heap, as on a Photon; what is kept of it besides does not.
int32_t queue_create(Application& app, uint32_t to, uint32_t item_size, uint32_t most, uint32_t) {
  auto& handles = app.state<Handles>();
  const uint64_t size = uint64_t{item_size} * most;
  const uint32_t items = most > 0 && size <= app.heap().total() ? app.heap().allocate(static_cast<uint32_t>(size)) : 0;
  const uint32_t handle = items ? handles.next += 4 : 0;
  if (items) handles.queues[handle] = {items, item_size, most};
  app.put<uint32_t>(to, handle);
  return items ? 0 : 1;
}

int32_t queue_destroy(Application& app, uint32_t handle, uint32_t) {
  auto& queues = app.state<Handles>().queues;
  const auto found = queues.find(handle);
  if (found == queues.end()) return 1;
  app.heap().free(found->second.items);
  queues.erase(found);
  return 0;
}

Queue& queue(Application& app, uint32_t handle) {
  auto& queues = app.state<Handles>().queues;
  const auto found = queues.find(handle);
  if (found == queues.end()) app.panic(panic::kHardFault, "uses a queue that is none");
  return found->second;
}

int32_t queue_put(Application& app, uint32_t handle, uint32_t item, uint32_t ms, uint32_t) {
  const auto ready = [&app, handle, item] {
    Queue& into = queue(app, handle);
    if (into.count == into.most) return false;
    const uint8_t* from = app.bytes(item, into.size);
    std::copy_n(from, into.size, app.writable(into.at(into.first + into.count++), into.size));
    return true;
  };
  if (!app.wait(ms, handle, ready)) return 1;
  app.threads().wake(handle);
  return 0;
}

bool copy_first(Application& app, uint32_t handle, uint32_t to) {
  const Queue& from = queue(app, handle);
  if (from.count == 0) return false;
  const uint8_t* item = app.bytes(from.at(from.first), from.size);
  std::copy_n(item, from.size, app.writable(to, from.size));
  return true;
}

int32_t queue_take(Application& app, uint32_t handle, uint32_t to, uint32_t ms, uint32_t) {
  if (!app.wait(ms, handle, [&app, handle, to] { return copy_first(app, handle, to); })) return 1;
  Queue& from = queue(app, handle);
  from.first = (from.first + 1) % from.most;
  --from.count;
  app.threads().wake(handle);
  return 0;
}

int32_t queue_peek(Application& app, uint32_t handle, uint32_t to, uint32_t ms, uint32_t) {
  return app.wait(ms, handle, [&app, handle, to] { return copy_first(app, handle, to); }) ? 0 : 1;
}

int32_t yield(Application& app) { return app.yield(), 0; }
void scheduling(Application& app, bool on, uint32_t) { app.set_scheduling(on); }

uint32_t scheduler_state(Application& app, uint32_t) {
  constexpr uint32_t kSuspended = 0, kRunning = 1;
  return app.scheduling() ? kRunning : kSuspended;
}

int32_t thread_create(Application& app, uint32_t to, uint32_t name, uint8_t priority, uint32_t function, uint32_t data,
                      uint32_t stack_size) {
  const Thread* made = app.start_thread(app.text(name, kMostName), priority, function, data, stack_size);
  app.put<uint32_t>(to, made ? made->handle : 0);
  return made ? 0 : 1;
}

int32_t thread_exit(Application& app, uint32_t handle) {
  Thread* thread = app.threads().find(handle);
  if (!thread) return 1;
  app.end_thread(*thread);
  return 0;
}

// One that has been cleaned up counts as finished, too.
int32_t thread_join(Application& app, uint32_t handle) {
  app.wait(Application::kForever, handle, [&app, handle] {
    const Thread* thread = app.threads().find(handle);
    return !thread || thread->finished;
  });
  return 0;
}

// Of a thread that goes on it ends it. Device OS 2.3.1: not the current one. One that the system still serves is kept,
// as finished.
int32_t thread_cleanup(Application& app, uint32_t handle) {
  Thread* thread = handle ? app.threads().find(handle) : nullptr;
  if (!thread || thread == &app.threads().current() || thread == &app.threads().main()) return 1;
  app.end_thread(*thread);
  if (!thread->is_served()) app.threads().remove(*thread);
  return 0;
}

// The time is kept in the application's memory, and moved on when it has come.
int32_t thread_delay_until(Application& app, uint32_t last, uint32_t period) {
  if (last == 0) return 1;
  const uint32_t due = app.get<uint32_t>(last) + period;
  const auto left = static_cast<int32_t>(due - app.device().millis());
  if (left > 0) app.wait_ms(static_cast<uint32_t>(left));
  app.put<uint32_t>(last, due);
  return 0;
}

uint32_t thread_current(Application& app, uint32_t) { return app.threads().current().handle; }
bool thread_is_current(Application& app, uint32_t handle) { return handle == app.threads().current().handle; }
bool thread_equal(Application&, uint32_t one, uint32_t other) { return one == other; }

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
      serves<lock_recursive>("os_mutex_recursive_lock"),
      serves<try_lock_recursive>("os_mutex_recursive_trylock"),
      serves<unlock_recursive>("os_mutex_recursive_unlock"),
      serves<semaphore_create>("os_semaphore_create"),
      serves<semaphore_destroy>("os_semaphore_destroy"),
      serves<semaphore_take>("os_semaphore_take"),
      serves<semaphore_give>("os_semaphore_give"),
      serves<queue_create>("os_queue_create"),
      serves<queue_destroy>("os_queue_destroy"),
      serves<queue_put>("os_queue_put"),
      serves<queue_take>("os_queue_take"),
      serves<queue_peek>("os_queue_peek"),
      serves<thread_create>("os_thread_create"),
      serves<thread_exit>("os_thread_exit"),
      serves<thread_join>("os_thread_join"),
      serves<thread_cleanup>("os_thread_cleanup"),
      serves<thread_delay_until>("os_thread_delay_until"),
      serves<thread_current>("os_thread_current"),
      serves<thread_is_current>("os_thread_is_current"),
      serves<thread_equal>("__gthread_equal"),
      serves<yield>("os_thread_yield"),
      serves<scheduling>("os_thread_scheduling"),
      serves<scheduler_state>("os_scheduler_get_state"),
  };
}

}  // namespace vphoton::system
