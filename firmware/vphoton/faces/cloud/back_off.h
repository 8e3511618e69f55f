// How long to wait before the next attempt to reach the cloud: 1 s five times, 2 s five times, 4 s, ... up to 64 s.
#pragma once

#include <algorithm>
#include <cstdint>

namespace vphoton::cloud {

class BackOff {
 public:
  uint64_t next_ms() { return 1000ull << std::min(failures_++ / 5, 6u); }
  void reset() { failures_ = 0; }

 private:
  unsigned failures_ = 0;
};

}  // namespace vphoton::cloud
