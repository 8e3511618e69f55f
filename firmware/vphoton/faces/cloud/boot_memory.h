// What the cloud protocol remembers from one connection to the next, until the device resets.
#pragma once

#include <cstdint>

#include "faces/cloud/rate_limiter.h"

namespace vphoton::cloud {

struct BootMemory {
  RateLimiter publish_rate;
  bool application_ready = false;
  bool last_reset_told = false;
  uint32_t updates_begun = 0;
};

}  // namespace vphoton::cloud
