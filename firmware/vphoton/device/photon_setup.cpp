// The Photon as those who set it up see it: SoftAP and the setup console.
#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/log.h"
#include "device/photon.h"
#include "system/services/system_events.h"

namespace vphoton {
namespace {

constexpr size_t kPublicKeyAnswerSize = 294;  // Device OS 2.3.1, softap
constexpr uint32_t kCipherMask = wiced::kTkip | wiced::kAes;
constexpr uint32_t kWpaMask = wiced::kWpa | wiced::kWpa2;

// Device OS 2.3.1, magic line codings in bits/s.
constexpr uint32_t kDfuSpeed = 14400;
constexpr uint32_t kListeningSpeed = 28800;

struct Lengths {
  size_t least, most;
};

Lengths key_lengths(uint32_t security) {
  if (security & wiced::kEnterprise) return {0, 64};
  if (security & kWpaMask) return {8, 64};
  if (security != wiced::kOpen) return {5, 58};
  return {0, 64};
}

}  // namespace

namespace {

// One-time programmable memory: the serial number and the secret. Where they lie is a choice.
constexpr size_t kSerialNumberAt = 0x10, kSerialNumberSize = 15;
constexpr size_t kSecretAt = 0x20;

std::string text_of(const std::string& field) { return field.substr(0, field.find_first_of(std::string("\0\xFF", 2))); }

}  // namespace

std::string Photon::serial_number() {
  return text_of(flash_->read(Region::OneTimeProgrammable, kSerialNumberAt, kSerialNumberSize));
}

// Units without one there may have it in the DCT.
std::string Photon::device_secret() {
  std::string secret = text_of(flash_->read(Region::OneTimeProgrammable, kSecretAt, dct::kDeviceSecretSize));
  return secret.empty() ? text_of(dct_->read(dct::kDeviceSecret, dct::kDeviceSecretSize)) : secret;
}

std::string Photon::provision_unit() {
  bool written =
      (options_.serial_number.empty() ||
       flash_->write(Region::OneTimeProgrammable, kSerialNumberAt, options_.serial_number)) &&
      (options_.device_secret.empty() || flash_->write(Region::OneTimeProgrammable, kSecretAt, options_.device_secret));
  return written ? "" : "the serial number or the device secret cannot be written";
}

std::string Photon::mac_address_text() {
  auto mac = mac_address();
  char text[18];
  snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
  return text;
}

ApplicationPage Photon::application_page() { return surface_.page ? surface_.page : default_page; }

std::string Photon::public_key_field() { return dct_->public_key().substr(0, kPublicKeyAnswerSize); }

int Photon::store_network(const std::string& ssid, const std::string& password, uint32_t security,
                          const EapConfig& enterprise) {
  if (ssid.empty() || ssid.size() > 32) return kSsidLengthInvalid;
  if (security == wiced::kUnknown) return kCipherUnknown;
  if (security & kWpaMask && !(security & kCipherMask)) {
    const auto air = scan();
    auto found = std::find_if(air.begin(), air.end(), [&](const AccessPoint& each) { return each.ssid == ssid; });
    if (found == air.end()) return kCipherUnknown;
    security = found->security;
  }
  Lengths allowed = key_lengths(security);
  if (password.size() < allowed.least || password.size() > allowed.most) return kKeyLengthInvalid;
  if (enterprise.type != eap::kNone && !enterprise_->store(enterprise)) return kEnterpriseInvalid;
  if (!credentials_->store({ssid, security == wiced::kOpen ? "" : password, security})) return kCredentialsFailed;
  if (listening_) credentials_changed_ = true;
  log_state("credentials for Wi-Fi network \"%s\" stored", ssid.c_str());
  fire(system_event::kNetworkCredentials, system_event::kCredentialsAdded);
  return kCredentialsStored;
}

void Photon::select_antenna(bool external) { dct_->write(dct::kAntenna, std::string(1, external ? '\1' : '\0')); }

void Photon::finish_setup() { leave_listening(); }

// Device OS keeps the wish in a backup register, which a reset leaves alone.
void Photon::restart_listening() {
  listen_after_reset_ = true;
  reset(ResetReason::SafeMode, 0);
}

// Names and shape are a choice.
std::string Photon::diagnostics() {
  return JsonObject()
      .add("sys:reset", static_cast<int>(reset_reason_))
      .add("sys:uptime", static_cast<long long>(uptime_ms() / 1000))
      .add("sys:freemem", static_cast<long long>(free_memory()))
      .add("net:stat", static_cast<int>(wifi_->state()))
      .add("net:rssi", wifi_rssi())
      .add("cloud:stat", static_cast<int>(cloud_state_))
      .str();
}

void Photon::ota_dropped() {
  if (!updating_) return;
  updating_ = false;
  fire(system_event::kFirmwareUpdate, system_event::kUpdateFailed);
}

void Photon::line_coding_set(uint32_t speed) {
  if (held() || dfu_ || panicking_ || asleep_) return;
  // Not from within the serial port's own reading.
  if (speed == kDfuSpeed) reactor_.after(0, [this] { reset(ResetReason::DfuMode, 0); });
  if (speed == kListeningSpeed) enter_listening();
}

size_t Photon::feed_console(const std::string& data) {
  if (held() || dfu_ || panicking_ || asleep_) return data.size();
  if (!listening_) return 0;
  console_.feed(data);
  expect_silence();
  return data.size();
}

void Photon::expect_silence() {
  reactor_.cancel(silence_timer_);
  if (!console_.receiving()) return;
  silence_timer_ = reactor_.after(SetupConsole::kSilenceMs, [this] {
    if (listening_)
      console_.silence();
    else
      console_.restart();
    expect_silence();
  });
}

}  // namespace vphoton
