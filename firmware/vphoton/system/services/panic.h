// How a Photon names what ended its application: SOS on the LED, then a reset with the reason "panic".
#pragma once

#include <cstdint>
#include <string>

namespace vphoton::panic {

// Device OS 2.3.1, panic codes.
constexpr uint32_t kHardFault = 1;
constexpr uint32_t kBusFault = 4;
constexpr uint32_t kUsageFault = 5;
constexpr uint32_t kExit = 7;
constexpr uint32_t kOutOfHeap = 8;
constexpr uint32_t kAssertFailed = 10;
constexpr uint32_t kStackOverflow = 13;

// Milliseconds from a panic to its reset. Device OS 2.3.1, panic_(): twice SOS and as many blinks as the code says.
uint32_t duration_ms(uint32_t code);
// What `last_reset` names it.
std::string describe(uint32_t code);

}  // namespace vphoton::panic
