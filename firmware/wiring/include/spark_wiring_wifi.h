// Wi-Fi of the Photon: station, stored networks, listening mode.
#pragma once

#include <chrono>

#include "device_os/functions.h"
#include "spark_wiring_ipaddress.h"
#include "spark_wiring_signal.h"
#include "spark_wiring_wifi_credentials.h"

namespace spark {
class WiFiClass;
}

namespace particle {

// Strength and quality in percent; as a number the strength in dBm.
class WiFiSignal : public Signal {
 public:
  WiFiSignal() = default;
  hal_net_access_tech_t getAccessTechnology() const override { return NET_ACCESS_TECHNOLOGY_WIFI; }
  float getStrength() const override;       // -1: unknown
  float getStrengthValue() const override;  // dBm
  float getQuality() const override;        // -1: unknown
  float getQualityValue() const override;   // dB of signal to noise
  operator int8_t() const { return static_cast<int8_t>(rssi); }

  int rssi = 2;  // 2: no network
  int qual = 0;

 private:
  friend class spark::WiFiClass;
  explicit WiFiSignal(const wlan_connected_info_t& known);

  wlan_connected_info_t known_ = {};
};

}  // namespace particle

namespace spark {

class WiFiClass {
 public:
  operator network_interface_t() const { return NETWORK_INTERFACE_WIFI_STA; }

  bool ready() { return network_ready(*this, 0, nullptr); }
  bool connecting() { return network_connecting(*this, 0, nullptr); }
  void on() { network_on(*this, 0, 0, nullptr); }
  void off() { network_off(*this, 0, 0, nullptr); }
  bool isOn() { return network_is_on(*this, nullptr); }
  bool isOff() { return network_is_off(*this, nullptr); }
  void connect(unsigned flags = 0) { network_connect(*this, flags, 0, nullptr); }
  void disconnect() { network_disconnect(*this, NETWORK_DISCONNECT_REASON_USER, nullptr); }

  void listen(bool begin = true) { network_listen(*this, begin ? 0 : 1, nullptr); }
  bool listening() { return network_listening(*this, 0, nullptr); }
  void setListenTimeout(uint16_t seconds) { network_set_listen_timeout(*this, seconds, nullptr); }  // 0: none
  void setListenTimeout(std::chrono::seconds time) { setListenTimeout(static_cast<uint16_t>(time.count())); }
  uint16_t getListenTimeout() { return network_get_listen_timeout(*this, 0, nullptr); }

  bool hasCredentials() { return network_has_credentials(*this, 0, nullptr); }
  void setCredentials(WiFiCredentials credentials);
  void setCredentials(const char* ssid, WiFiCredentials credentials) { setCredentials(credentials.setSsid(ssid)); }
  bool setCredentials(const char* ssid, unsigned ssid_length, const char* password, unsigned length,
                      unsigned long security = WPA2, unsigned long cipher = WLAN_CIPHER_NOT_SET);
  bool setCredentials(const char* ssid) { return setCredentials(ssid, nullptr, UNSEC); }
  bool setCredentials(const char* ssid, const char* password) { return setCredentials(ssid, password, WPA2); }
  bool setCredentials(const char* ssid, const char* password, unsigned long security,
                      unsigned long cipher = WLAN_CIPHER_NOT_SET);
  bool clearCredentials() { return network_clear_credentials(*this, 0, nullptr, nullptr); }
  int getCredentials(WiFiAccessPoint* points, size_t most);  // how many were filled in, newest first

  const char* SSID() { return reinterpret_cast<const char*>(wifi_config()->uaSSID); }
  particle::WiFiSignal RSSI();
  uint8_t* macAddress(uint8_t* mac);  // 6 bytes, returns its argument
  uint8_t* BSSID(uint8_t* bssid);     // 6 bytes, returns its argument
  IPAddress localIP() { return IPAddress(wifi_config()->nw.aucIP); }
  IPAddress subnetMask() { return IPAddress(wifi_config()->nw.aucSubnetMask); }
  IPAddress gatewayIP() { return IPAddress(wifi_config()->nw.aucDefaultGateway); }
  IPAddress dnsServerIP() { return IPAddress(wifi_config()->nw.aucDNSServer); }
  IPAddress dhcpServerIP() { return IPAddress(wifi_config()->nw.aucDHCPServer); }

  int selectAntenna(WLanSelectAntenna_TypeDef antenna) { return wlan_select_antenna(antenna); }  // 0
  WLanSelectAntenna_TypeDef getAntenna() { return wlan_get_antenna(nullptr); }

  // What is in the air: how many were filled in or passed on.
  int scan(WiFiAccessPoint* points, size_t most);
  int scan(wlan_scan_result_t handler, void* data = nullptr) { return wlan_scan(handler, data); }
  template <typename T>
  int scan(void (*handler)(WiFiAccessPoint* point, T* data), T* data) {
    return scan(reinterpret_cast<wlan_scan_result_t>(handler), static_cast<void*>(data));
  }

  uint32_t ping(IPAddress remote) { return ping(remote, 5); }  // how many answered
  uint32_t ping(IPAddress remote, uint8_t tries) {
    return static_cast<uint32_t>(inet_ping(&remote.raw(), *this, tries, nullptr));
  }
  IPAddress resolve(const char* name);

  void setStaticIP(const IPAddress& host, const IPAddress& netmask, const IPAddress& gateway, const IPAddress& dns) {
    wlan_set_ipaddress(host, netmask, gateway, dns, nullptr, nullptr);
  }
  void useStaticIP() { wlan_set_ipaddress_source(STATIC_IP, true, nullptr); }
  void useDynamicIP() { wlan_set_ipaddress_source(DYNAMIC_IP, true, nullptr); }
  String hostname();
  int setHostname(const String& name) { return setHostname(name.c_str()); }
  int setHostname(const char* name) { return network_set_hostname(*this, 0, name, nullptr); }

 private:
  const WLanConfig* wifi_config() { return static_cast<const WLanConfig*>(network_config(*this, 0, nullptr)); }
};

extern WiFiClass WiFi;

}  // namespace spark
