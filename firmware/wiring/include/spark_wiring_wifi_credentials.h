// What it takes to join a network: WiFi.setCredentials(WiFiCredentials("home").setPassword("secret")).
#pragma once

#include <string.h>

#include "device_os/network.h"

namespace spark {

// As applications write them.
enum SecurityType {
  UNSEC = WLAN_SEC_UNSEC,
  WEP = WLAN_SEC_WEP,
  WPA = WLAN_SEC_WPA,
  WPA2 = WLAN_SEC_WPA2,
  WPA_ENTERPRISE = WLAN_SEC_WPA_ENTERPRISE,
  WPA2_ENTERPRISE = WLAN_SEC_WPA2_ENTERPRISE,
};

// The texts must stay where they are until it has been used.
class WiFiCredentials {
 public:
  explicit WiFiCredentials(SecurityType security = UNSEC) { setSecurity(security); }
  explicit WiFiCredentials(const char* ssid, SecurityType security = UNSEC) : WiFiCredentials(security) {
    WiFiCredentials::setSsid(ssid);
  }
  virtual ~WiFiCredentials() = default;

  // Without a length the text ends with NUL.
  virtual WiFiCredentials& setSsid(const char* text, int length = -1) {
    held_.ssid = text;
    held_.ssid_len = length_of(text, length);
    return *this;
  }
  virtual WiFiCredentials& setPassword(const char* text, int length = -1) {
    held_.password = text;
    held_.password_len = length_of(text, length);
    return *this;
  }
  WiFiCredentials& setSecurity(SecurityType security) {
    held_.security = static_cast<WLanSecurityType>(security);
    return *this;
  }
  WiFiCredentials& setCipher(WLanSecurityCipher cipher) {
    held_.cipher = cipher;
    return *this;
  }
  WiFiCredentials& setChannel(int channel) {
    held_.channel = static_cast<unsigned>(channel);
    return *this;
  }
  // For enterprise networks.
  WiFiCredentials& setEapType(WLanEapType type) {
    held_.eap_type = type;
    return *this;
  }
  WiFiCredentials& setIdentity(const char* text, int length = -1) { return setInnerIdentity(text, length); }
  virtual WiFiCredentials& setInnerIdentity(const char* text, int length = -1) {
    held_.inner_identity = text;
    held_.inner_identity_len = static_cast<uint16_t>(length_of(text, length));
    return *this;
  }
  virtual WiFiCredentials& setOuterIdentity(const char* text, int length = -1) {
    held_.outer_identity = text;
    held_.outer_identity_len = static_cast<uint16_t>(length_of(text, length));
    return *this;
  }
  // PEM with its NUL, or DER.
  virtual WiFiCredentials& setClientCertificate(const uint8_t* data, uint16_t length) {
    held_.client_certificate = data;
    held_.client_certificate_len = length;
    return *this;
  }
  virtual WiFiCredentials& setClientCertificate(const char* pem) {
    return setClientCertificate(bytes(pem), with_nul(pem));
  }
  virtual WiFiCredentials& setPrivateKey(const uint8_t* data, uint16_t length) {
    held_.private_key = data;
    held_.private_key_len = length;
    return *this;
  }
  virtual WiFiCredentials& setPrivateKey(const char* pem) { return setPrivateKey(bytes(pem), with_nul(pem)); }
  virtual WiFiCredentials& setRootCertificate(const uint8_t* data, uint16_t length) {
    held_.ca_certificate = data;
    held_.ca_certificate_len = length;
    return *this;
  }
  virtual WiFiCredentials& setRootCertificate(const char* pem) { return setRootCertificate(bytes(pem), with_nul(pem)); }

  WLanCredentials getHalCredentials() { return held_; }
  operator WLanCredentials() { return held_; }
  virtual void reset() { held_ = empty(); }

 private:
  static WLanCredentials empty() {
    WLanCredentials none = {};
    none.size = sizeof none;
    none.version = 3;
    return none;
  }
  static unsigned length_of(const char* text, int length) {
    return length < 0 ? (text ? static_cast<unsigned>(strlen(text)) : 0) : static_cast<unsigned>(length);
  }
  static const uint8_t* bytes(const char* pem) { return reinterpret_cast<const uint8_t*>(pem); }
  static uint16_t with_nul(const char* pem) { return static_cast<uint16_t>(pem ? strlen(pem) + 1 : 0); }

  WLanCredentials held_ = empty();
};

}  // namespace spark
