// How often a Photon may publish: bursts of 4 a second for the application, 255 in 65.536 s for system events.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "faces/cloud/generation.h"

namespace vphoton::cloud {

class RateLimiter {
 public:
  // Counts one attempt. Refused application attempts count too (Device OS 2.3.1, publisher).
  bool admit(std::string_view event_name, uint64_t now_ms, SystemNames rule = SystemNames::SparkOrParticle);

 private:
  bool admit_application(uint64_t now_ms);
  bool admit_system(uint64_t now_ms);

  std::array<std::optional<uint64_t>, 5> attempts_;
  size_t next_ = 0;
  uint64_t window_ = 0;
  uint8_t in_window_ = 0;
};

// Whether Device OS counts the name as its own.
bool is_system_event(std::string_view name, SystemNames rule);

}  // namespace vphoton::cloud
