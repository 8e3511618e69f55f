// Wi-Fi of the Photon: station, stored networks, listening mode.
#pragma once

#include <stdint.h>

// Security and cipher as Device OS numbers them.
enum WLanSecurityType { UNSEC = 0, WEP = 1, WPA = 2, WPA2 = 3 };
enum WLanSecurityCipher {
  WLAN_CIPHER_NOT_SET = 0,
  WLAN_CIPHER_AES = 1,
  WLAN_CIPHER_TKIP = 2,
  WLAN_CIPHER_AES_TKIP = 3
};

class WiFiClass {
 public:
  bool ready();
  bool connecting();
  void connect();
  void disconnect();
  void listen(bool begin = true);
  bool listening();

  bool hasCredentials();
  bool setCredentials(const char* ssid) { return setCredentials(ssid, "", UNSEC); }
  bool setCredentials(const char* ssid, const char* password) { return setCredentials(ssid, password, WPA2); }
  bool setCredentials(const char* ssid, const char* password, unsigned long security,
                      unsigned long cipher = WLAN_CIPHER_NOT_SET);
  bool clearCredentials();

  const char* SSID();
  int RSSI();                         // dBm, negative; above 0 is an error
  uint8_t* macAddress(uint8_t* mac);  // 6 bytes, returns its argument
};

extern WiFiClass WiFi;
