// Where the time comes from.
#pragma once

#include <stdint.h>

namespace shade {

class Clock {
 public:
  virtual uint32_t now_ms() = 0;        // since start; wraps at 2^32
  virtual uint32_t utc() { return 0; }  // seconds since 1970; 0: nobody has told

 protected:
  ~Clock() = default;
};

}  // namespace shade
