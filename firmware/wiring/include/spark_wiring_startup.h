// What an application states about itself outside of setup() and loop().
#pragma once

#include "device_os/functions.h"
#include "spark_wiring_system.h"

#define WIRING_JOINED_(a, b) a##b
#define WIRING_JOINED(a, b) WIRING_JOINED_(a, b)

// Runs before setup(), among the constructors of its file.
#define STARTUP(...) STARTUP_(__COUNTER__, __VA_ARGS__)
#define STARTUP_(number, ...)                         \
  namespace {                                         \
  struct WIRING_JOINED(Startup, number) {             \
    WIRING_JOINED(Startup, number)() { __VA_ARGS__; } \
  } WIRING_JOINED(startup_, number);                  \
  }

#define SYSTEM_MODE(mode) SystemClass SystemMode(mode);
#define SYSTEM_THREAD(state) STARTUP(system_thread_set_state(spark::feature::state, nullptr));
