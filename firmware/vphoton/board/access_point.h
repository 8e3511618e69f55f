// Access points in the air around a virtual Photon, and the numbers WICED gives their security.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace vphoton {

namespace wiced {
constexpr uint32_t kOpen = 0;
constexpr uint32_t kWepPsk = 1;
constexpr uint32_t kWepShared = 0x8001;
constexpr uint32_t kWpa = 0x00200000;
constexpr uint32_t kWpa2 = 0x00400000;
constexpr uint32_t kTkip = 2;
constexpr uint32_t kAes = 4;
constexpr uint32_t kEnterprise = 0x02000000;
constexpr uint32_t kUnknown = 0xFFFFFFFF;
}  // namespace wiced

struct AccessPoint {
  std::string ssid;
  std::string password;   // what a station must know; ignored when open; WEP: key 1, in hexadecimal or plain
  std::string identity;   // WPA enterprise with PEAP: the user name that goes with the password
  std::string client_ca;  // WPA enterprise with EAP-TLS: PEM of who signed the certificates of those let in
  uint32_t security = wiced::kWpa2 | wiced::kAes;
  int channel = 6;
  int rssi = -51;
  bool hidden = false;  // sends no name: not in a scan, joined by who was told security and cipher
};

// One network "photonrig", password "photonrig-lab", WPA2 AES, channel 6.
std::vector<AccessPoint> default_air();

// [{"ssid","password","security","channel","rssi","hidden","identity","client_ca"}], all but ssid optional; a WICED
// number as security, or one of open, wep, wpa_tkip, wpa_aes, wpa_mixed, wpa2_tkip, wpa2_aes, wpa2_mixed,
// wpa_enterprise_aes and wpa2_enterprise_aes; left out: WPA2 AES, or open without password. Nothing, and a reason, when
// anything else is in the list.
std::optional<std::vector<AccessPoint>> parse_air(const JsonValue& list, std::string* reason);

// As parse_air() takes it.
std::string air_json(const std::vector<AccessPoint>& air);

}  // namespace vphoton
