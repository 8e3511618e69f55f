// WiFi.
#include "spark_wiring_network.h"

#include <limits>

namespace spark {

WiFiClass WiFi;
NetworkClass Network(NETWORK_INTERFACE_WIFI_STA);

NetworkClass& NetworkClass::from(network_interface_t) { return Network; }  // a Photon has one

}  // namespace spark

namespace {

constexpr int32_t kUnknown = std::numeric_limits<int32_t>::min();

// Collects what the system passes on one by one.
struct Points {
  WiFiAccessPoint* at;
  int most;
  int found;

  static void add(WiFiAccessPoint* point, void* data) {
    Points& its = *static_cast<Points*>(data);
    if (its.found < its.most) its.at[its.found++] = *point;
  }
};

float percent(int32_t share) { return share >= 0 ? static_cast<float>(share) / 65535.0f * 100.0f : -1.0f; }

}  // namespace

namespace particle {

WiFiSignal::WiFiSignal(const wlan_connected_info_t& known) : known_(known) {
  if (known.rssi != kUnknown) rssi = known.rssi / 100;
  if (known.snr != kUnknown) qual = known.snr / 100;
}

float WiFiSignal::getStrength() const { return known_.size ? percent(known_.strength) : -1.0f; }
float WiFiSignal::getQuality() const { return known_.size ? percent(known_.quality) : -1.0f; }
float WiFiSignal::getStrengthValue() const {
  return known_.size && known_.rssi != kUnknown ? static_cast<float>(known_.rssi) / 100.0f : 0.0f;
}
float WiFiSignal::getQualityValue() const {
  return known_.size && known_.snr != kUnknown ? static_cast<float>(known_.snr) / 100.0f : 0.0f;
}

}  // namespace particle

namespace spark {

particle::WiFiSignal WiFiClass::RSSI() {
  wlan_connected_info_t known = {};
  known.size = sizeof known;
  if (!ready() || wlan_connected_info(nullptr, &known, nullptr) != 0) return particle::WiFiSignal();
  return particle::WiFiSignal(known);
}

void WiFiClass::setCredentials(WiFiCredentials credentials) {
  WLanCredentials stored = credentials.getHalCredentials();
  network_set_credentials(*this, 0, &stored, nullptr);
}

bool WiFiClass::setCredentials(const char* ssid, unsigned ssid_length, const char* password, unsigned length,
                               unsigned long security, unsigned long cipher) {
  WLanCredentials stored = {};
  stored.size = sizeof stored;
  stored.ssid = ssid;
  stored.ssid_len = ssid_length;
  stored.password = password;
  stored.password_len = length;
  stored.security = static_cast<WLanSecurityType>(security);
  stored.cipher = static_cast<WLanSecurityCipher>(cipher);
  return network_set_credentials(*this, 0, &stored, nullptr) == 0;
}

bool WiFiClass::setCredentials(const char* ssid, const char* password, unsigned long security, unsigned long cipher) {
  return setCredentials(ssid, ssid ? strlen(ssid) : 0, password, password ? strlen(password) : 0, security, cipher);
}

int WiFiClass::getCredentials(WiFiAccessPoint* points, size_t most) {
  Points collected = {points, static_cast<int>(most), 0};
  wlan_get_credentials(Points::add, &collected);
  return collected.found;
}

int WiFiClass::scan(WiFiAccessPoint* points, size_t most) {
  Points collected = {points, static_cast<int>(most), 0};
  int result = wlan_scan(Points::add, &collected);
  return result < 0 ? result : collected.found;
}

uint8_t* WiFiClass::macAddress(uint8_t* mac) {
  memcpy(mac, wifi_config()->nw.uaMacAddr, 6);
  return mac;
}

uint8_t* WiFiClass::BSSID(uint8_t* bssid) {
  memcpy(bssid, wifi_config()->BSSID, 6);
  return bssid;
}

IPAddress WiFiClass::resolve(const char* name) {
  HAL_IPAddress found = {};
  if (inet_gethostbyname(name, static_cast<uint16_t>(strlen(name)), &found, *this, nullptr) != 0)
    return IPAddress(static_cast<uint32_t>(0));
  return IPAddress(found);
}

String WiFiClass::hostname() {
  char name[64] = {};
  network_get_hostname(*this, 0, name, sizeof name, nullptr);
  return String(name);
}

}  // namespace spark
