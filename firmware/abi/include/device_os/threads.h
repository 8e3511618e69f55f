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
typedef void (*os_thread_fn_t)(void* data);

constexpr os_thread_prio_t OS_THREAD_PRIORITY_DEFAULT = 2;  // the application's
constexpr os_thread_prio_t OS_THREAD_PRIORITY_CRITICAL = 9;
constexpr size_t OS_THREAD_STACK_SIZE_DEFAULT = 3 * 1024;

enum os_timer_change_t {
  OS_TIMER_CHANGE_START,
  OS_TIMER_CHANGE_RESET,
  OS_TIMER_CHANGE_STOP,
  OS_TIMER_CHANGE_PERIOD,
};
ABI_SIZE(os_timer_change_t, 1);
