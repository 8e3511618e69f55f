// The Photon as those who set it up see it: SoftAP and the setup console.
#include <cstdio>

#include "core/log.h"
#include "core/photon.h"
#include "core/system_events.h"

namespace vphoton {
namespace {

constexpr size_t kPublicKeyAnswerSize = 294;  // Device OS 2.3.1, softap
constexpr uint32_t kCipherMask = wiced::kTkip | wiced::kAes;
constexpr uint32_t kWpaMask = wiced::kWpa | wiced::kWpa2;

struct Lengths {
  size_t least, most;
};

Lengths key_lengths(uint32_t security) {
  if (security & kWpaMask) return {8, 64};
  if (security != wiced::kOpen) return {5, 58};
  return {0, 64};
}

}  // namespace

std::string Photon::mac_address_text() {
  auto mac = mac_address();
  char text[18];
  snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  return text;
}

std::string Photon::public_key_field() { return dct_->public_key().substr(0, kPublicKeyAnswerSize); }

int Photon::store_network(const std::string& ssid, const std::string& password, uint32_t security) {
  if (ssid.empty() || ssid.size() > 32) return kSsidLengthInvalid;
  // Enterprise networks are not modelled: none is ever in the air.
  if (security == wiced::kUnknown || security & wiced::kEnterprise) return kCipherUnknown;
  if (security & kWpaMask) {
    uint32_t suite = security & kCipherMask;
    for (const auto& point : scan())
      if (point.ssid == ssid) suite = point.security & kCipherMask;
    if (suite == 0) return kCipherUnknown;
    security = (security & kWpaMask) | suite;
  }
  Lengths allowed = key_lengths(security);
  if (password.size() < allowed.least || password.size() > allowed.most) return kKeyLengthInvalid;
  if (!credentials_->store({ssid, security == wiced::kOpen ? "" : password, security})) return kCredentialsFailed;
  if (listening_) credentials_changed_ = true;
  log_state("credentials for Wi-Fi network \"%s\" stored", ssid.c_str());
  fire(system_event::kNetworkCredentials, system_event::kCredentialsAdded);
  return kCredentialsStored;
}

void Photon::finish_setup() { leave_listening(); }

}  // namespace vphoton
