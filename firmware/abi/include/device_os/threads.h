// Threads, mutexes and timers. Device OS 2.3.1, concurrent_hal.h.
#pragma once

#include "layout.h"

typedef void* os_thread_t;
typedef void* os_timer_t;
typedef void* os_mutex_t;
typedef void* os_mutex_recursive_t;
typedef void* os_queue_t;
typedef void* os_semaphore_t;
typedef int32_t os_result_t;
typedef uint8_t os_thread_prio_t;
typedef void os_thread_return_t;
typedef os_thread_return_t (*os_thread_fn_t)(void* data);
typedef void* os_condition_variable_t;

constexpr os_thread_prio_t OS_THREAD_PRIORITY_DEFAULT = 2;  // the application's
constexpr os_thread_prio_t OS_THREAD_PRIORITY_CRITICAL = 9;
constexpr size_t OS_THREAD_STACK_SIZE_DEFAULT = 3 * 1024;
constexpr system_tick_t CONCURRENT_WAIT_FOREVER = static_cast<system_tick_t>(-1);
const os_thread_t OS_THREAD_INVALID_HANDLE = nullptr;

enum os_scheduler_state_t {
  OS_SCHEDULER_STATE_NOT_STARTED = 0,
  OS_SCHEDULER_STATE_RUNNING = 1,
  OS_SCHEDULER_STATE_SUSPENDED = 2,
};
ABI_SIZE(os_scheduler_state_t, 1);

enum os_timer_change_t {
  OS_TIMER_CHANGE_START,
  OS_TIMER_CHANGE_RESET,
  OS_TIMER_CHANGE_STOP,
  OS_TIMER_CHANGE_PERIOD,
};
ABI_SIZE(os_timer_change_t, 1);
