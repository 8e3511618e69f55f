// A crash of the application as a Photon takes it: SOS on the LED, then a reset with the reason "panic".
//
// The crashed process is in no state to do anything but start its program anew, so all that takes is made ready ahead:
// the record of the reset, the environment, the descriptors. A crash of the virtual Photon itself looks the same; the
// line on stderr names the signal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/resume.h"

namespace vphoton::panic {

// Device OS 2.3.1, panic codes.
constexpr uint32_t kHardFault = 1;
constexpr uint32_t kBusFault = 4;
constexpr uint32_t kUsageFault = 5;
constexpr uint32_t kExit = 7;
constexpr uint32_t kOutOfHeap = 8;
constexpr uint32_t kAssertFailed = 10;
constexpr uint32_t kStackOverflow = 13;

// From now on crashes are taken; under the sanitizers, which report them better, nothing is done. `argv` as in
// Resume::restart(), `cut` is looked at when it happens.
void arm(char* const argv[], const PlannedPowerCut* cut);
// What the program takes over a crash that happens from now on; reason and data are the crash's.
void prepare(const Resume& resume);
// These bytes are written to `file` when it happens.
void keep(const void* begin, size_t size, int file);

// What `last_reset` names it.
std::string describe(uint32_t code);

}  // namespace vphoton::panic
