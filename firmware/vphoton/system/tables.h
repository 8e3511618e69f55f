// What the application finds in the flash of the system parts: tables of its functions, and the map of the pins.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace vphoton::system {

constexpr uint32_t kPinMap = 0x08062000;  // our choice

// Segments of flash by their address. Function n of dynalib() is the host call at `host_calls` + 4 n.
std::vector<std::pair<uint32_t, std::vector<uint8_t>>> table_segments(uint32_t host_calls);

}  // namespace vphoton::system
