// Table hal_wlan: networks in the air and in the device, antenna, and the application's pages on SoftAP.
#include <algorithm>

#include "base/log.h"
#include "system/serve.h"
#include "system/services/application_page.h"
#include "system/wifi_structures.h"

namespace vphoton::system {
namespace {

constexpr uint8_t kExternalAntenna = 1;
constexpr int32_t kNotFound = -1;
constexpr uint32_t kAddressVersion = 16;  // HAL_IPAddress

// The request whose page the application makes.
struct Request {
  Page page;
  const std::string* body = nullptr;
  size_t read = 0;
};

struct Kept {
  uint8_t antenna = 0;
  Request* request = nullptr;
};

int32_t select_antenna(Application& app, uint8_t which) {
  app.state<Kept>().antenna = which;
  app.device().select_antenna(which == kExternalAntenna);
  return 0;
}
uint8_t get_antenna(Application& app, uint32_t) { return app.state<Kept>().antenna; }

// The process has the addresses of its host.
void set_addresses(Application&, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t) {}
void set_address_source(Application&, uint8_t, bool, uint32_t) {}

int32_t resolve(Application& app, uint32_t name, uint16_t size, uint32_t to, uint32_t, uint32_t) {
  const std::string wanted = app.text(name, size);
  const Hosts* hosts = app.device().hosts();
  const auto address = hosts ? hosts->find(wanted) : std::nullopt;
  if (!address) {
    log_warning("the application asks for the address of %s; --allow-host names hosts that it may reach",
                wanted.c_str());
    return kNotFound;
  }
  app.put<uint32_t>(to, *address);
  app.put<uint8_t>(to + kAddressVersion, 4);
  return 0;
}

int32_t ping(Application&, uint32_t, uint32_t, uint8_t, uint32_t) { return 0; }  // how many answered

int32_t scan(Application& app, uint32_t callback, uint32_t data) {
  int32_t count = 0;
  for (const auto& point : app.device().wifi().scan()) {
    Application::Lent lent(app, access_point_bytes(point.ssid, point.security, point.channel, point.rssi));
    if (callback) app.call_back(callback, {lent.address(), data});
    ++count;
  }
  return count;
}

int32_t stored(Application& app, uint32_t callback, uint32_t data) {
  int32_t count = 0;
  for (const auto& network : app.device().stored_networks()) {
    Application::Lent lent(app, access_point_bytes(network.ssid, network.security, 0, 0));
    if (callback) app.call_back(callback, {lent.address(), data});
    ++count;
  }
  return count;
}

int32_t has_credentials(Application& app) { return app.device().has_credentials() ? 0 : -1; }
int32_t clear_credentials(Application& app) { return app.device().clear_credentials() ? 0 : -1; }
int32_t rssi(Application& app) { return app.device().wifi_rssi(); }

// struct wlan_connected_info_t. Strength from -90 to 0 dBm, noise assumed at -95 dBm.
int32_t connected_info(Application& app, uint32_t, uint32_t to, uint32_t) {
  constexpr int kFloor = -90, kNoise = -95, kFull = 65535;
  if (!app.device().wifi_ready()) return kNotFound;
  const int dbm = app.device().wifi_rssi();
  const int snr = dbm - kNoise;
  app.put<int32_t>(to + 4, dbm * 100);
  app.put<int32_t>(to + 8, std::clamp((dbm - kFloor) * kFull / -kFloor, 0, kFull));
  app.put<int32_t>(to + 12, snr * 100);
  app.put<int32_t>(to + 16, kNoise * 100);
  app.put<int32_t>(to + 20, std::clamp((snr - 9) * kFull / 31, 0, kFull));
  return 0;
}

int32_t fetch_config(Application& app, uint32_t to) {
  app.write(to, wlan_config_bytes(app.device()));
  return 0;
}

void respond(Application& app) {
  PageHead head;
  head.code = static_cast<uint16_t>(app.argument(2));
  head.mime_type = app.text(app.argument(3));
  // struct Header, packed: size in two bytes, then the lines.
  const uint32_t header = app.argument(4);
  if (header && app.get<uint16_t>(header)) head.headers = app.text(app.get<uint32_t>(header + 2));
  if (Request* request = app.state<Kept>().request) request->page.head = head;
  app.processor().regs.r[0] = 0;
}

void read_body(Application& app) {
  const uint32_t to = app.argument(1), wanted = app.argument(2);
  Request* request = app.state<Kept>().request;
  std::string piece = request ? request->body->substr(request->read, wanted) : "";
  app.write(to, piece);
  if (request) request->read += piece.size();
  app.processor().regs.r[0] = static_cast<uint32_t>(piece.size());
}

void write_page(Application& app) {
  const uint32_t size = app.argument(2);
  const uint8_t* data = size ? app.bytes(app.argument(1), size) : nullptr;
  if (Request* request = app.state<Kept>().request) request->page.pieces.emplace_back(data, data + size);
}

std::string words(std::initializer_list<uint32_t> values) {
  std::string bytes;
  for (uint32_t value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  return bytes;
}

int32_t set_page_handler(Application& app, uint32_t provider, uint32_t) {
  const uint32_t responds = app.own_function(respond, "the response callback of a page");
  const uint32_t reads = app.own_function(read_body, "the reader of a page's request");
  const uint32_t writes = app.own_function(write_page, "the writer of a page");
  app.device().surface().page = [=, &app](const std::string& url, const std::string& body) {
    Request now{{}, &body, 0};
    if (!provider) return now.page;
    app.state<Kept>().request = &now;
    Application::Lent lent_url(app, url);
    Application::Lent reader(app, words({reads, static_cast<uint32_t>(body.size()), 0}));
    Application::Lent writer(app, words({writes, 0}));
    app.call(provider, {lent_url.address(), responds, 0, reader.address(), writer.address(), 0});
    app.state<Kept>().request = nullptr;
    return now.page;
  };
  return 0;
}

}  // namespace

SystemFunctions hal_wlan_functions() {
  return {
      serves<select_antenna>("wlan_select_antenna"),
      serves<get_antenna>("wlan_get_antenna"),
      serves<set_addresses>("wlan_set_ipaddress"),
      serves<set_address_source>("wlan_set_ipaddress_source"),
      serves<resolve>("inet_gethostbyname"),
      serves<ping>("inet_ping"),
      serves<scan>("wlan_scan"),
      serves<stored>("wlan_get_credentials"),
      serves<has_credentials>("wlan_has_credentials"),
      serves<clear_credentials>("wlan_clear_credentials"),
      serves<rssi>("wlan_connected_rssi"),
      serves<connected_info>("wlan_connected_info"),
      serves<fetch_config>("wlan_fetch_ipconfig"),
      serves<set_page_handler>("softap_set_application_page_handler"),
  };
}

}  // namespace vphoton::system
