// Structures of Wi-Fi as applications know them. Device OS 2.3.1, abi/include/device_os/network.h.
#pragma once

#include <cstdint>
#include <string>

#include "system/device.h"

namespace vphoton::system {

// WiFiAccessPoint, 56 bytes. `security` in WICED's terms.
std::string access_point_bytes(const std::string& ssid, uint32_t security, int channel, int rssi);
// WLanConfig, 132 bytes: addresses and names as they are now.
std::string wlan_config_bytes(Device& device);
constexpr uint32_t kWlanConfigSize = 132;

}  // namespace vphoton::system
