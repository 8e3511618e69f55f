// Wi-Fi of the Photon: station, stored networks, listening mode.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "spark_wiring_ipaddress.h"

// Security and cipher as Device OS numbers them.
enum WLanSecurityType {
  WLAN_SEC_UNSEC = 0,
  WLAN_SEC_WEP = 1,
  WLAN_SEC_WPA = 2,
  WLAN_SEC_WPA2 = 3,
  WLAN_SEC_WPA_ENTERPRISE = 4,
  WLAN_SEC_WPA2_ENTERPRISE = 5,
  WLAN_SEC_NOT_SET = 0xFF,
  UNSEC = WLAN_SEC_UNSEC,
  WEP = WLAN_SEC_WEP,
  WPA = WLAN_SEC_WPA,
  WPA2 = WLAN_SEC_WPA2,
  WPA_ENTERPRISE = WLAN_SEC_WPA_ENTERPRISE,
  WPA2_ENTERPRISE = WLAN_SEC_WPA2_ENTERPRISE,
};
enum WLanSecurityCipher {
  WLAN_CIPHER_NOT_SET = 0,
  WLAN_CIPHER_AES = 1,
  WLAN_CIPHER_TKIP = 2,
  WLAN_CIPHER_AES_TKIP = 3
};
enum WLanSelectAntenna_TypeDef { ANT_INTERNAL = 0, ANT_EXTERNAL = 1, ANT_AUTO = 3, ANT_NONE = 0xFF };

struct WiFiAccessPoint {
  size_t size;
  char ssid[33];
  uint8_t ssidLength;
  uint8_t bssid[6];
  WLanSecurityType security;
  WLanSecurityCipher cipher;
  uint8_t channel;
  int maxDataRate;
  int rssi;
};

typedef void (*wlan_scan_result_t)(WiFiAccessPoint* point, void* data);

class WiFiClass;

namespace particle {

// Strength and quality in percent; as a number the strength in dBm.
class WiFiSignal {
 public:
  WiFiSignal() = default;
  float getStrength() const;
  float getStrengthValue() const { return static_cast<float>(rssi_); }
  float getQuality() const;
  operator int8_t() const { return static_cast<int8_t>(rssi_); }

 private:
  friend class ::WiFiClass;
  explicit WiFiSignal(int rssi) : rssi_(rssi) {}

  int rssi_ = 2;  // 2: no network
};

}  // namespace particle

class WiFiClass {
 public:
  bool ready();
  bool connecting();
  void on();
  void off();
  void connect();
  void disconnect();

  void listen(bool begin = true);
  bool listening();
  void setListenTimeout(uint16_t seconds);  // 0: none, as at the start
  uint16_t getListenTimeout();

  bool hasCredentials();
  bool setCredentials(const char* ssid) { return setCredentials(ssid, "", UNSEC); }
  bool setCredentials(const char* ssid, const char* password) { return setCredentials(ssid, password, WPA2); }
  bool setCredentials(const char* ssid, const char* password, unsigned long security,
                      unsigned long cipher = WLAN_CIPHER_NOT_SET);
  bool clearCredentials();
  int getCredentials(WiFiAccessPoint* points, size_t most);  // how many were filled in, newest first

  const char* SSID();
  particle::WiFiSignal RSSI();
  uint8_t* macAddress(uint8_t* mac);                     // 6 bytes, returns its argument
  uint8_t* BSSID(uint8_t* bssid);                        // 6 bytes; zeros without a network
  int selectAntenna(WLanSelectAntenna_TypeDef antenna);  // 0

  // What is in the air: how many were filled in or passed on.
  int scan(WiFiAccessPoint* points, size_t most);
  int scan(wlan_scan_result_t handler, void* data = nullptr);
  template <typename T>
  int scan(void (*handler)(WiFiAccessPoint* point, T* data), T* data) {
    return scan(reinterpret_cast<wlan_scan_result_t>(handler), data);
  }

  // A virtual Photon's network is the loopback of its machine: 127.0.0.1 of 255.0.0.0, and no gateway.
  IPAddress localIP();
  IPAddress subnetMask();
  IPAddress gatewayIP();

  // Not modelled: each says so once on stderr. Nobody answers, and no name is known.
  uint32_t ping(IPAddress remote, uint8_t tries = 5);
  IPAddress resolve(const char* name);
};

extern WiFiClass WiFi;
