#include "system/stored/wifi_credentials.h"

#include <algorithm>

#include "board/access_point.h"

namespace vphoton {
namespace {

constexpr size_t kMost = 5;  // Device OS 2.3.1
constexpr size_t kLongestSsid = 32;
constexpr size_t kLongestPassword = 64;
// One record: 0x01, security u32 LE, length and SSID, length and password. The layout is a choice.
constexpr size_t kRecordSize = 1 + 4 + 1 + kLongestSsid + 1 + kLongestPassword;

bool is_enterprise(const WifiNetwork& network) { return network.security & wiced::kEnterprise; }

std::string encode(const WifiNetwork& network) {
  std::string record(1, '\1');
  for (int shift = 0; shift < 32; shift += 8) record += static_cast<char>(network.security >> shift & 0xFF);
  record += static_cast<char>(network.ssid.size());
  record += network.ssid;
  record.resize(6 + kLongestSsid, '\0');
  record += static_cast<char>(network.password.size());
  record += network.password;
  record.resize(kRecordSize, '\0');
  return record;
}

bool decode(const std::string& record, WifiNetwork& network) {
  if (record[0] != '\1') return false;
  auto byte_at = [&](size_t i) { return static_cast<uint8_t>(record[i]); };
  for (size_t i = 0; i < 4; ++i) network.security |= static_cast<uint32_t>(byte_at(1 + i)) << (8 * i);
  size_t ssid = byte_at(5), password = byte_at(6 + kLongestSsid);
  if (ssid == 0 || ssid > kLongestSsid || password > kLongestPassword) return false;
  network.ssid = record.substr(6, ssid);
  network.password = record.substr(7 + kLongestSsid, password);
  return true;
}

}  // namespace

std::vector<WifiNetwork> WifiCredentials::list() const {
  std::vector<WifiNetwork> networks;
  std::string stored = flash_.read(Region::WifiCredentials, 0, kMost * kRecordSize);
  for (size_t i = 0; i < kMost; ++i) {
    WifiNetwork network;
    if (decode(stored.substr(i * kRecordSize, kRecordSize), network)) networks.push_back(network);
  }
  return networks;
}

bool WifiCredentials::store(const WifiNetwork& network) {
  if (network.ssid.empty() || network.ssid.size() > kLongestSsid || network.password.size() > kLongestPassword)
    return false;
  std::vector<WifiNetwork> networks = list();
  bool known = false;
  for (auto& existing : networks) {
    if (existing.ssid != network.ssid) continue;
    existing = network;
    known = true;
  }
  // Only one network with WPA enterprise can be stored (Device OS 2.3.1).
  if (is_enterprise(network)) {
    for (auto& existing : networks) {
      if (existing.ssid == network.ssid || !is_enterprise(existing)) continue;
      if (!known) {
        existing = network;
        known = true;
      } else {
        existing.ssid.clear();
      }
    }
    networks.erase(
        std::remove_if(networks.begin(), networks.end(), [](const WifiNetwork& each) { return each.ssid.empty(); }),
        networks.end());
  }
  if (!known) networks.insert(networks.begin(), network);
  if (networks.size() > kMost) networks.resize(kMost);
  std::string stored;
  for (const auto& each : networks) stored += encode(each);
  stored.resize(kMost * kRecordSize, '\xFF');
  return flash_.write(Region::WifiCredentials, 0, stored);  // within one page: old list or new list
}

bool WifiCredentials::clear() {
  return flash_.write(Region::WifiCredentials, 0, std::string(kMost * kRecordSize, '\xFF'));
}

}  // namespace vphoton
