#include "base/monotonic.h"

#include <time.h>

namespace vphoton {
namespace {

const uint64_t* source = nullptr;

}  // namespace

uint64_t monotonic_us() {
  if (source) return *source;
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

void set_monotonic_source(const uint64_t* us) { source = us; }

}  // namespace vphoton
