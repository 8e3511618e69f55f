// Network: the interface that a Photon has, under the name that all Particle devices share.
#pragma once

#include "device_os/functions.h"
#include "spark_wiring_wifi.h"

namespace spark {

class NetworkClass {
 public:
  NetworkClass(network_interface_t interface) : interface_(interface) {}

  uint8_t* macAddress(uint8_t* mac) { return WiFi.macAddress(mac); }
  IPAddress localIP() { return WiFi.localIP(); }
  IPAddress subnetMask() { return WiFi.subnetMask(); }
  IPAddress gatewayIP() { return WiFi.gatewayIP(); }
  char* SSID() { return const_cast<char*>(WiFi.SSID()); }
  int8_t RSSI() { return static_cast<int8_t>(WiFi.RSSI()); }
  uint32_t ping(IPAddress remote) { return WiFi.ping(remote); }
  uint32_t ping(IPAddress remote, uint8_t tries) { return WiFi.ping(remote, tries); }
  IPAddress resolve(const char* name) { return WiFi.resolve(name); }

  void connect(unsigned flags = 0) { network_connect(interface_, flags, 0, nullptr); }
  void disconnect() { network_disconnect(interface_, NETWORK_DISCONNECT_REASON_USER, nullptr); }
  bool connecting() { return network_connecting(interface_, 0, nullptr); }
  bool ready() { return network_ready(interface_, 0, nullptr); }
  void on() { network_on(interface_, 0, 0, nullptr); }
  void off() { network_off(interface_, 0, 0, nullptr); }
  bool isOn() { return network_is_on(interface_, nullptr); }
  bool isOff() { return network_is_off(interface_, nullptr); }
  void listen(bool begin = true) { network_listen(interface_, begin ? 0 : 1, nullptr); }
  bool listening() { return network_listening(interface_, 0, nullptr); }
  void setListenTimeout(uint16_t seconds) { network_set_listen_timeout(interface_, seconds, nullptr); }
  uint16_t getListenTimeout() { return network_get_listen_timeout(interface_, 0, nullptr); }

  operator network_interface_t() const { return interface_; }
  static NetworkClass& from(network_interface_t interface);

 private:
  network_interface_t interface_;
};

extern NetworkClass Network;

}  // namespace spark
