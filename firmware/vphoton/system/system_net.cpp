// Table system_net: Wi-Fi as a network, and listening mode.
#include "system/serve.h"
#include "system/wifi_structures.h"

namespace vphoton::system {
namespace {

constexpr uint32_t kStopListening = 1;

struct Kept {
  bool switched_off = false;
  uint32_t config = 0;  // address of WLanConfig
};

// The structure stays where it is: an application may keep the pointer.
uint32_t config(Application& app, uint32_t, uint32_t, uint32_t) {
  uint32_t& address = app.state<Kept>().config;
  if (address == 0) address = app.allocate(kWlanConfigSize);
  app.write(address, wlan_config_bytes(app.device()));
  return address;
}

void connect(Application& app, uint32_t, uint32_t, uint32_t, uint32_t) {
  app.state<Kept>().switched_off = false;
  app.device().wifi_connect();
}
void disconnect(Application& app, uint32_t, uint32_t, uint32_t) { app.device().wifi_disconnect(); }
bool connecting(Application& app, uint32_t, uint32_t, uint32_t) { return app.device().wifi_connecting(); }
bool ready(Application& app, uint32_t, uint32_t, uint32_t) { return app.device().wifi_ready(); }
void on(Application& app, uint32_t, uint32_t, uint32_t, uint32_t) {
  app.state<Kept>().switched_off = false;
  app.device().wifi_power(true);
}
void off(Application& app, uint32_t, uint32_t, uint32_t, uint32_t) {
  app.state<Kept>().switched_off = true;
  app.device().wifi_power(false);
}
bool is_on(Application& app, uint32_t, uint32_t) { return !app.state<Kept>().switched_off; }
bool is_off(Application& app, uint32_t, uint32_t) { return app.state<Kept>().switched_off; }

void listen(Application& app, uint32_t, uint32_t flags, uint32_t) { app.device().listen(!(flags & kStopListening)); }
bool listening(Application& app, uint32_t, uint32_t, uint32_t) { return app.device().listening(); }
void set_listen_timeout(Application& app, uint32_t, uint16_t seconds, uint32_t) {
  app.device().set_listen_timeout(seconds);
}
uint16_t listen_timeout(Application& app, uint32_t, uint32_t, uint32_t) {
  return static_cast<uint16_t>(app.device().listen_timeout());
}

bool has_credentials(Application& app, uint32_t, uint32_t, uint32_t) { return app.device().has_credentials(); }

// struct WLanCredentials, abi/include/device_os/network.h.
int32_t set_credentials(Application& app, uint32_t, uint32_t, uint32_t at, uint32_t) {
  const std::string ssid = app.text(app.get<uint32_t>(at + 4), app.get<uint32_t>(at + 8));
  const std::string password = app.text(app.get<uint32_t>(at + 12), app.get<uint32_t>(at + 16));
  return app.device().set_credentials(ssid, password, app.get<uint8_t>(at + 20), app.get<uint8_t>(at + 21)) ? 0 : -1;
}

bool clear_credentials(Application& app, uint32_t, uint32_t, uint32_t, uint32_t) {
  return app.device().clear_credentials();
}

}  // namespace

SystemFunctions system_net_functions() {
  return {
      serves<config>("network_config"),
      serves<connect>("network_connect"),
      serves<disconnect>("network_disconnect"),
      serves<connecting>("network_connecting"),
      serves<ready>("network_ready"),
      serves<on>("network_on"),
      serves<off>("network_off"),
      serves<is_on>("network_is_on"),
      serves<is_off>("network_is_off"),
      serves<listen>("network_listen"),
      serves<listening>("network_listening"),
      serves<set_listen_timeout>("network_set_listen_timeout"),
      serves<listen_timeout>("network_get_listen_timeout"),
      serves<has_credentials>("network_has_credentials"),
      serves<set_credentials>("network_set_credentials"),
      serves<clear_credentials>("network_clear_credentials"),
  };
}

}  // namespace vphoton::system
