// WiFi.
#include <functional>
#include <string>

#include "core/device.h"
#include "wiring/not_modelled.h"

#include "application.h"

using vphoton::device;

WiFiClass WiFi;

namespace {

namespace wiced = vphoton::wiced;

WLanSecurityType security_type(uint32_t security) {
  if (security & wiced::kWpa2) return security & wiced::kEnterprise ? WLAN_SEC_WPA2_ENTERPRISE : WLAN_SEC_WPA2;
  if (security & wiced::kWpa) return security & wiced::kEnterprise ? WLAN_SEC_WPA_ENTERPRISE : WLAN_SEC_WPA;
  return security == wiced::kOpen ? WLAN_SEC_UNSEC : WLAN_SEC_WEP;
}

WLanSecurityCipher cipher_type(uint32_t security) {
  if (!(security & (wiced::kWpa | wiced::kWpa2))) return WLAN_CIPHER_NOT_SET;
  if (security & wiced::kAes) return WLAN_CIPHER_AES;
  return security & wiced::kTkip ? WLAN_CIPHER_TKIP : WLAN_CIPHER_NOT_SET;
}

WiFiAccessPoint access_point(const std::string& ssid, uint32_t security, int channel, int rssi) {
  WiFiAccessPoint point{};
  point.size = sizeof point;
  point.ssidLength = static_cast<uint8_t>(ssid.copy(point.ssid, sizeof point.ssid - 1));
  // Made up of the name, so that it stays the same: locally administered, and a choice.
  size_t hash = std::hash<std::string>()(ssid);
  point.bssid[0] = 0x02;
  for (int i = 1; i < 6; ++i, hash >>= 8) point.bssid[i] = static_cast<uint8_t>(hash);
  point.security = security_type(security);
  point.cipher = cipher_type(security);
  point.channel = static_cast<uint8_t>(channel);
  point.maxDataRate = 65000;
  point.rssi = rssi;
  return point;
}

}  // namespace

bool WiFiClass::ready() { return device().wifi_ready(); }
bool WiFiClass::connecting() { return device().wifi_connecting(); }
void WiFiClass::connect() { device().wifi_connect(); }
void WiFiClass::disconnect() { device().wifi_disconnect(); }
void WiFiClass::listen(bool begin) { device().listen(begin); }
bool WiFiClass::listening() { return device().listening(); }
bool WiFiClass::hasCredentials() { return device().has_credentials(); }

bool WiFiClass::setCredentials(const char* ssid, const char* password, unsigned long security, unsigned long cipher) {
  return device().set_credentials(ssid ? ssid : "", password ? password : "", static_cast<int>(security),
                                  static_cast<int>(cipher));
}

bool WiFiClass::clearCredentials() { return device().clear_credentials(); }

const char* WiFiClass::SSID() {
  static std::string ssid;
  ssid = device().wifi_ssid();
  return ssid.c_str();
}

particle::WiFiSignal WiFiClass::RSSI() { return particle::WiFiSignal(device().wifi_rssi()); }

void WiFiClass::on() { device().wifi_power(true); }
void WiFiClass::off() { device().wifi_power(false); }
void WiFiClass::setListenTimeout(uint16_t seconds) { device().set_listen_timeout(seconds); }
uint16_t WiFiClass::getListenTimeout() { return static_cast<uint16_t>(device().listen_timeout()); }

int WiFiClass::getCredentials(WiFiAccessPoint* points, size_t most) {
  size_t count = 0;
  for (const auto& network : device().stored_networks()) {
    if (count == most) break;
    points[count++] = access_point(network.ssid, network.security, 0, 0);
  }
  return static_cast<int>(count);
}

int WiFiClass::selectAntenna(WLanSelectAntenna_TypeDef antenna) {
  if (antenna == ANT_AUTO) vphoton::not_modelled("WiFi.selectAntenna(ANT_AUTO)", "the internal antenna is used");
  device().select_antenna(antenna == ANT_EXTERNAL);
  return 0;
}

int WiFiClass::scan(wlan_scan_result_t handler, void* data) {
  int count = 0;
  for (const auto& point : device().wifi().scan()) {
    WiFiAccessPoint found = access_point(point.ssid, point.security, point.channel, point.rssi);
    if (handler) handler(&found, data);
    ++count;
  }
  return count;
}

int WiFiClass::scan(WiFiAccessPoint* points, size_t most) {
  size_t count = 0;
  for (const auto& point : device().wifi().scan()) {
    if (count == most) break;
    points[count++] = access_point(point.ssid, point.security, point.channel, point.rssi);
  }
  return static_cast<int>(count);
}

uint8_t* WiFiClass::BSSID(uint8_t* bssid) {
  memset(bssid, 0, 6);
  if (ready()) memcpy(bssid, access_point(device().wifi_ssid(), 0, 0, 0).bssid, 6);
  return bssid;
}

IPAddress WiFiClass::localIP() { return ready() ? IPAddress(127, 0, 0, 1) : IPAddress(); }
IPAddress WiFiClass::subnetMask() { return ready() ? IPAddress(255, 0, 0, 0) : IPAddress(); }
IPAddress WiFiClass::gatewayIP() { return IPAddress(); }

uint32_t WiFiClass::ping(IPAddress, uint8_t) {
  vphoton::not_modelled("WiFi.ping()", "nobody answers");
  return 0;
}

IPAddress WiFiClass::resolve(const char*) {
  vphoton::not_modelled("WiFi.resolve()", "no name is known");
  return IPAddress();
}

namespace particle {

// Device OS 2.3.1: percent of the range from -90 to 0 dBm; quality by an assumed noise of -95 dBm.
float WiFiSignal::getStrength() const { return rssi_ > 0 ? -1 : constrain((rssi_ + 90) * 100 / 90, 0, 100); }
float WiFiSignal::getQuality() const { return rssi_ > 0 ? -1 : constrain((rssi_ + 95 - 9) * 100 / 31, 0, 100); }

}  // namespace particle

uint8_t* WiFiClass::macAddress(uint8_t* mac) {
  auto address = device().mac_address();
  for (size_t i = 0; i < address.size(); ++i) mac[i] = address[i];
  return mac;
}
