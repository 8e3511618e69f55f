// The clock everything on a virtual Photon goes by.
#pragma once

#include <cstdint>

namespace vphoton {

// Microseconds of CLOCK_MONOTONIC, which is one for all processes of the machine.
uint64_t monotonic_us();

// For tests: the clock reads `us` from now on; null: the machine's again.
void set_monotonic_source(const uint64_t* us);

}  // namespace vphoton
