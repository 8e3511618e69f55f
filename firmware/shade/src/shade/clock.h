// Where the time comes from.
#pragma once

#include <stdint.h>

namespace shade {

class Clock {
 public:
  virtual uint32_t now_ms() = 0;  // since start; wraps at 2^32

 protected:
  ~Clock() = default;
};

}  // namespace shade
