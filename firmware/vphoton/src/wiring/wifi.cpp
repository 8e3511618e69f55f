// WiFi.
#include <string>

#include "core/device.h"

#include "application.h"

using vphoton::device;

WiFiClass WiFi;

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

int WiFiClass::RSSI() { return device().wifi_rssi(); }

uint8_t* WiFiClass::macAddress(uint8_t* mac) {
  auto address = device().mac_address();
  for (size_t i = 0; i < address.size(); ++i) mac[i] = address[i];
  return mac;
}
