#include "system/wifi_structures.h"

#include <functional>

namespace vphoton::system {
namespace {

constexpr uint32_t kMaxDataRate = 65000;
constexpr size_t kAddressSize = 17;

void put(std::string& out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i);
}

uint8_t security_type(uint32_t security) {
  if (security & wiced::kWpa2) return security & wiced::kEnterprise ? 5 : 3;
  if (security & wiced::kWpa) return security & wiced::kEnterprise ? 4 : 2;
  return security == wiced::kOpen ? 0 : 1;
}

uint8_t cipher_type(uint32_t security) {
  if (!(security & (wiced::kWpa | wiced::kWpa2))) return 0;
  return security & wiced::kAes ? 1 : security & wiced::kTkip ? 2 : 0;
}

// Made up of the name, so that it stays the same: locally administered, and a choice.
std::string bssid(const std::string& ssid) {
  std::string made = "\x02";
  size_t hash = std::hash<std::string>()(ssid);
  for (int i = 1; i < 6; ++i, hash >>= 8) made += static_cast<char>(hash);
  return made;
}

std::string padded(std::string text, size_t size) {
  text.resize(size, '\0');
  return text;
}

// HAL_IPAddress: the number and its version.
std::string address(uint32_t ipv4) {
  std::string out;
  put(out, ipv4, 4);
  out.resize(kAddressSize - 1, '\0');
  return out + '\x04';
}

}  // namespace

std::string access_point_bytes(const std::string& ssid, uint32_t security, int channel, int rssi) {
  std::string out;
  put(out, 56, 4);
  out += padded(ssid.substr(0, 32), 33);
  out += static_cast<char>(std::min<size_t>(ssid.size(), 32));
  out += bssid(ssid);
  out += static_cast<char>(security_type(security));
  out += static_cast<char>(cipher_type(security));
  out += static_cast<char>(channel);
  out += '\0';
  put(out, kMaxDataRate, 4);
  put(out, static_cast<uint32_t>(rssi), 4);
  return out;
}

std::string wlan_config_bytes(Device& device) {
  const bool up = device.wifi_ready();
  std::string out;
  put(out, kWlanConfigSize, 2);
  for (uint32_t ipv4 : {up ? 0x7F000001u : 0u, up ? 0xFF000000u : 0u, 0u, 0u, 0u}) out += address(ipv4);
  for (uint8_t byte : device.mac_address()) out += static_cast<char>(byte);
  const std::string ssid = device.wifi_ssid();
  out += padded(ssid.substr(0, 32), 33);
  out += up ? bssid(ssid) : std::string(6, '\0');
  return out;
}

}  // namespace vphoton::system
