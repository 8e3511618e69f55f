// What an application states about itself outside of setup() and loop().
#pragma once

#include "device_os/functions.h"
#include "spark_wiring_system.h"

#define _WIRING_JOINED_NOW(a, b) a##b
#define _WIRING_JOINED(a, b) _WIRING_JOINED_NOW(a, b)

// Runs before setup(), among the constructors of its file.
#define STARTUP(...) _STARTUP(__COUNTER__, __VA_ARGS__)
#define _STARTUP(number, ...)                          \
  namespace {                                          \
  struct _WIRING_JOINED(Startup, number) {             \
    _WIRING_JOINED(Startup, number)() { __VA_ARGS__; } \
  } _WIRING_JOINED(startup_, number);                  \
  }

#define SYSTEM_MODE(mode) SystemClass SystemMode(mode);
#define SYSTEM_THREAD(state) STARTUP(system_thread_set_state(spark::feature::state, nullptr));
