// Threads and what keeps them apart.
#pragma once

#include <functional>
#include <mutex>
#include <type_traits>

#include "device_os/functions.h"

typedef std::function<void()> wiring_thread_fn_t;

// No other thread runs while one exists; interrupts do.
class SingleThreadedSection {
 public:
  SingleThreadedSection() { os_thread_scheduling(false, nullptr); }
  ~SingleThreadedSection() { os_thread_scheduling(true, nullptr); }
  SingleThreadedSection(const SingleThreadedSection&) = delete;
  SingleThreadedSection& operator=(const SingleThreadedSection&) = delete;
};

#define SINGLE_THREADED_SECTION() SingleThreadedSection _single_threaded;
#define SINGLE_THREADED_BLOCK()                 \
  for (bool _single_once = true; _single_once;) \
    for (SingleThreadedSection _single; _single_once; _single_once = false)
#define WITH_LOCK(lock)                                                                                 \
  for (bool _lock_once = true; _lock_once;)                                                             \
    for (std::lock_guard<typename std::remove_reference<decltype(lock)>::type> _lock(lock); _lock_once; \
         _lock_once = false)
#define TRY_LOCK(lock)                                                                                         \
  for (bool _lock_once = true; _lock_once; _lock_once = false)                                                 \
    for (std::unique_lock<typename std::remove_reference<decltype(lock)>::type> _lock(lock, std::try_to_lock); \
         _lock_once && _lock.owns_lock(); _lock_once = false)

// In the place of a lock where none is needed.
struct NoConcurrency {
  struct Lock {};
  Lock lock() const { return Lock(); }
  void unlock(Lock) const {}
};

class Mutex {
 public:
  Mutex() { os_mutex_create(&handle_); }
  explicit Mutex(os_mutex_t handle) : handle_(handle) {}
  ~Mutex() { dispose(); }
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void dispose() {
    if (handle_) os_mutex_destroy(handle_);
    handle_ = nullptr;
  }
  void lock() { os_mutex_lock(handle_); }
  bool trylock() { return os_mutex_trylock(handle_) == 0; }
  bool try_lock() { return trylock(); }
  void unlock() { os_mutex_unlock(handle_); }

 private:
  os_mutex_t handle_ = nullptr;
};

class RecursiveMutex {
 public:
  RecursiveMutex() { os_mutex_recursive_create(&handle_); }
  explicit RecursiveMutex(os_mutex_recursive_t handle) : handle_(handle) {}
  ~RecursiveMutex() { dispose(); }
  RecursiveMutex(const RecursiveMutex&) = delete;
  RecursiveMutex& operator=(const RecursiveMutex&) = delete;

  void dispose() {
    if (handle_) os_mutex_recursive_destroy(handle_);
    handle_ = nullptr;
  }
  void lock() { os_mutex_recursive_lock(handle_); }
  bool trylock() { return os_mutex_recursive_trylock(handle_) == 0; }
  bool try_lock() { return trylock(); }
  void unlock() { os_mutex_recursive_unlock(handle_); }

 private:
  os_mutex_recursive_t handle_ = nullptr;
};

class Thread {
 public:
  Thread() = default;
  // Runs at once; invalid when there is no memory for it.
  Thread(const char* name, os_thread_fn_t function, void* data = nullptr,
         os_thread_prio_t priority = OS_THREAD_PRIORITY_DEFAULT, size_t stack_size = OS_THREAD_STACK_SIZE_DEFAULT)
      : Thread(name, wiring_thread_fn_t([function, data]() { function(data); }), priority, stack_size) {}
  Thread(const char* name, wiring_thread_fn_t function, os_thread_prio_t priority = OS_THREAD_PRIORITY_DEFAULT,
         size_t stack_size = OS_THREAD_STACK_SIZE_DEFAULT);
  Thread(Thread&& other) : running_(other.running_) { other.running_ = nullptr; }
  Thread& operator=(Thread&& other);
  ~Thread() { dispose(); }

  void dispose();  // waits for its end
  bool join();
  bool cancel();
  bool isValid() const { return running_ != nullptr; }
  bool is_valid() { return isValid(); }
  bool isCurrent() const;
  bool is_current() { return isCurrent(); }

 private:
  struct Running;

  static void run(void* running);

  Running* running_ = nullptr;
};
