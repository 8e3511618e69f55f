#include "faces/cloud/rate_limiter.h"

#include <strings.h>

namespace vphoton::cloud {

bool RateLimiter::admit(std::string_view event_name, uint64_t now_ms, SystemNames rule) {
  return is_system_event(event_name, rule) ? admit_system(now_ms) : admit_application(now_ms);
}

bool RateLimiter::admit_application(uint64_t now_ms) {
  attempts_[next_] = now_ms;
  next_ = (next_ + 1) % attempts_.size();
  const auto& oldest = attempts_[next_];
  return !oldest || now_ms - *oldest >= 1000;
}

bool RateLimiter::admit_system(uint64_t now_ms) {
  const uint64_t window = now_ms >> 16;
  if (window != window_) {
    window_ = window;
    in_window_ = 0;
  }
  if (in_window_ == 255) return false;
  ++in_window_;
  return true;
}

bool is_system_event(std::string_view name, SystemNames rule) {
  switch (rule) {
    case SystemNames::SparkSlash:
      return name.substr(0, 6) == "spark/";
    case SystemNames::SparkAnyCase:
      return name.size() >= 5 && strncasecmp(name.data(), "spark", 5) == 0;
    case SystemNames::Spark:
      return name.substr(0, 5) == "spark";
    case SystemNames::SparkOrParticle:
      break;
  }
  return name.substr(0, 5) == "spark" || name.substr(0, 8) == "particle";
}

}  // namespace vphoton::cloud
