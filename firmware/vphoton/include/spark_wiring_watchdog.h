// ApplicationWatchdog: on a virtual Photon nothing watches. The first one says so on stderr, and a loop() that does not
// return is left as it is.
#pragma once

#include <stdint.h>

#include <functional>

class ApplicationWatchdog {
 public:
  ApplicationWatchdog(unsigned timeout_ms, std::function<void()> on_timeout, unsigned stack_size = 512);
  // For overloaded functions such as System.reset.
  ApplicationWatchdog(unsigned timeout_ms, void (*on_timeout)(), unsigned stack_size = 512)
      : ApplicationWatchdog(timeout_ms, std::function<void()>(on_timeout), stack_size) {}
  static void checkin() {}
};
