// Wi-Fi and addresses. Device OS 2.3.1, wlan_hal.h, inet_hal_compat.h, system_network.h.
#pragma once

#include <string.h>

#include "layout.h"

typedef uint32_t network_interface_t;
typedef network_interface_t network_handle_t;
constexpr network_interface_t NETWORK_INTERFACE_WIFI_STA = 4;
constexpr uint32_t NETWORK_DISCONNECT_REASON_USER = 2;

struct __attribute__((packed)) _HAL_IPAddress_t {
  union {
    uint32_t ipv4;  // first number of the dotted form in the highest byte
    uint32_t ipv6[4];
  };
  uint8_t v;  // 4 or 6
};
typedef _HAL_IPAddress_t HAL_IPAddress;
ABI_FIELD(HAL_IPAddress, v, 16);
ABI_SIZE(HAL_IPAddress, 17);

struct __attribute__((packed)) NetworkConfig {
  HAL_IPAddress aucIP;
  HAL_IPAddress aucSubnetMask;
  HAL_IPAddress aucDefaultGateway;
  HAL_IPAddress aucDHCPServer;
  HAL_IPAddress aucDNSServer;
  uint8_t uaMacAddr[6];
};
ABI_SIZE(NetworkConfig, 91);

struct __attribute__((packed)) WLanConfig {
  uint16_t size;
  NetworkConfig nw;
  uint8_t uaSSID[33];
  uint8_t BSSID[6];
};
ABI_FIELD(WLanConfig, uaSSID, 93);
ABI_SIZE(WLanConfig, 132);

// Unknown values are the least of int32_t, strength and quality then negative.
struct wlan_connected_info_t {
  uint16_t size;
  uint16_t version;
  int32_t rssi;      // hundredths of a dBm
  int32_t strength;  // 0 ... 65535
  int32_t snr;       // hundredths of a dB
  int32_t noise;
  int32_t quality;  // 0 ... 65535
};
ABI_SIZE(wlan_connected_info_t, 24);

enum WLanSelectAntenna_TypeDef { ANT_INTERNAL = 0, ANT_EXTERNAL = 1, ANT_AUTO = 3, ANT_NONE = 0xFF };
ABI_SIZE(WLanSelectAntenna_TypeDef, 1);

enum WLanSecurityType {
  WLAN_SEC_UNSEC = 0,
  WLAN_SEC_WEP = 1,
  WLAN_SEC_WPA = 2,
  WLAN_SEC_WPA2 = 3,
  WLAN_SEC_WPA_ENTERPRISE = 4,
  WLAN_SEC_WPA2_ENTERPRISE = 5,
  WLAN_SEC_NOT_SET = 0xFF,
};
ABI_SIZE(WLanSecurityType, 1);
enum WLanSecurityCipher {
  WLAN_CIPHER_NOT_SET = 0,
  WLAN_CIPHER_AES = 1,
  WLAN_CIPHER_TKIP = 2,
  WLAN_CIPHER_AES_TKIP = 3,
};
ABI_SIZE(WLanSecurityCipher, 1);

enum hal_net_access_tech_t { NET_ACCESS_TECHNOLOGY_UNKNOWN = 0, NET_ACCESS_TECHNOLOGY_WIFI = 1 };
ABI_SIZE(hal_net_access_tech_t, 1);

enum WLanEapType {
  WLAN_EAP_TYPE_NONE = 0,
  WLAN_EAP_TYPE_TLS = 13,
  WLAN_EAP_TYPE_PEAP = 25,
  WLAN_EAP_TYPE_MSCHAPV2 = 26,
};
ABI_SIZE(WLanEapType, 1);

struct WLanCredentials {
  unsigned size;
  const char* ssid;
  unsigned ssid_len;
  const char* password;
  unsigned password_len;
  WLanSecurityType security;
  WLanSecurityCipher cipher;
  unsigned channel;
  unsigned flags;
  // From here on for enterprise networks; `version` 3 says that they are filled in.
  uint8_t version;
  uint8_t eap_type;
  const char* inner_identity;
  uint16_t inner_identity_len;
  const char* outer_identity;
  uint16_t outer_identity_len;
  const uint8_t* private_key;
  uint16_t private_key_len;
  const uint8_t* client_certificate;
  uint16_t client_certificate_len;
  const uint8_t* ca_certificate;
  uint16_t ca_certificate_len;
};
ABI_FIELD(WLanCredentials, security, 20);
ABI_FIELD(WLanCredentials, channel, 24);
ABI_FIELD(WLanCredentials, version, 32);
ABI_FIELD(WLanCredentials, inner_identity, 36);
ABI_SIZE(WLanCredentials, 76);
typedef WLanCredentials NetworkCredentials;

struct WiFiAccessPoint {
  size_t size;
  char ssid[33];
  uint8_t ssidLength;
  uint8_t bssid[6];
  WLanSecurityType security;
  WLanSecurityCipher cipher;
  uint8_t channel;
  int maxDataRate;  // bits a second
  int rssi;

  WiFiAccessPoint() {
    memset(static_cast<void*>(this), 0, sizeof *this);
    size = sizeof *this;
  }
};
ABI_FIELD(WiFiAccessPoint, bssid, 38);
ABI_FIELD(WiFiAccessPoint, channel, 46);
ABI_FIELD(WiFiAccessPoint, maxDataRate, 48);
ABI_SIZE(WiFiAccessPoint, 56);

typedef void (*wlan_scan_result_t)(WiFiAccessPoint* point, void* data);

enum IPAddressSource { DYNAMIC_IP, STATIC_IP };
ABI_SIZE(IPAddressSource, 1);
