// Table hal_socket: TCP and UDP of the application's, by sockets of the host that reach loopback and the hosts that the
// command line allows.
#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "base/log.h"
#include "system/serve.h"
#include "system/services/app_socket.h"
#include "system/services/panic.h"

namespace vphoton::system {
namespace {

// Device OS 2.3.1, abi/include/device_os/sockets.h.
constexpr uint8_t kInet = 2, kStream = 1, kDatagrams = 2;
constexpr uint32_t kInvalid = 0xFFFFFFFF;
constexpr uint8_t kActive = 0, kInactive = 1;
constexpr uint32_t kShutReading = 1, kShutWriting = 2;
constexpr uint32_t kPortOffset = 2, kAddressOffset = 4, kSocketAddressSize = 16;
constexpr uint32_t kPeerAddress = 2, kPeerPort = 20, kPeerSize = 22;
constexpr int32_t kError = -1;
constexpr uint32_t kConnectMs = 5000;  // a choice: WICED's time for a connection is not known
constexpr size_t kMostSockets = 16;    // likewise

struct Sockets {
  uint32_t next = 0;
  std::map<uint32_t, std::unique_ptr<AppSocket>> open;
};

uint32_t keep(Application& app, std::unique_ptr<AppSocket> socket) {
  auto& sockets = app.state<Sockets>();
  if (!socket || sockets.open.size() >= kMostSockets) return kInvalid;
  const uint32_t handle = ++sockets.next & 0x7FFFFFFF;
  sockets.open[handle] = std::move(socket);
  return handle;
}

AppSocket* find(Application& app, uint32_t handle) {
  auto& open = app.state<Sockets>().open;
  const auto found = open.find(handle);
  return found == open.end() || !app.device().wifi_ready() ? nullptr : found->second.get();
}

bool refused(Application& app, const AppSocket::Peer& peer, const char* what) {
  const Hosts* hosts = app.device().hosts();
  if (hosts && hosts->allows(peer.address)) return false;
  log_warning("the application may not %s %s:%d; --allow-host names hosts that it may", what,
              dotted(peer.address).c_str(), peer.port);
  return true;
}

AppSocket::Peer peer_at(Application& app, uint32_t address) {
  const uint8_t* bytes = app.bytes(address, kSocketAddressSize);
  const auto number = [bytes](uint32_t at, uint32_t count) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
    return value;
  };
  return {number(kAddressOffset, 4), static_cast<uint16_t>(number(kPortOffset, 2))};
}

void put_peer(Application& app, uint32_t to, const AppSocket::Peer& peer) {
  const uint32_t high = peer.port << 16;
  std::string bytes(kSocketAddressSize, '\0');
  bytes[0] = kInet;
  for (uint32_t i = 0; i < 2; ++i) bytes[kPortOffset + i] = static_cast<char>(high >> (24 - 8 * i));
  for (uint32_t i = 0; i < 4; ++i) bytes[kAddressOffset + i] = static_cast<char>(peer.address >> (24 - 8 * i));
  app.write(to, bytes);
}

uint8_t active_status(Application& app, uint32_t handle) {
  AppSocket* socket = find(app, handle);
  return socket && socket->connected() ? kActive : kInactive;
}

uint8_t valid(Application&, uint32_t handle) { return handle < 0x80000000; }
uint32_t invalid(Application&) { return kInvalid; }

uint32_t create(Application& app, uint8_t family, uint8_t type, uint8_t, uint16_t port, uint32_t) {
  const Hosts* hosts = app.device().hosts();
  if (!hosts || family != kInet || !app.device().wifi_ready()) return kInvalid;
  if (type == kStream) return keep(app, AppSocket::tcp());
  return type == kDatagrams ? keep(app, AppSocket::udp(port, *hosts)) : kInvalid;
}

int32_t connect(Application& app, uint32_t handle, uint32_t address, int32_t) {
  const auto peer = peer_at(app, address);
  if (!find(app, handle) || refused(app, peer, "connect to")) return kError;
  bool done = false;
  app.wait(kConnectMs, Application::kPolled, [&] {
    AppSocket* socket = find(app, handle);
    const auto progress = socket ? socket->connect(peer) : AppSocket::Progress::Failed;
    done = progress == AppSocket::Progress::Done;
    return progress != AppSocket::Progress::Under_way;
  });
  return done ? 0 : kError;
}

// 0: nothing has come in the time.
int32_t receive(Application& app, uint32_t handle, uint32_t to, uint32_t size, uint32_t ms) {
  if (size == 0) return 0;
  std::optional<int> got;
  std::string bytes;
  app.wait(ms, Application::kPolled, [&] {
    AppSocket* socket = find(app, handle);
    got = socket ? socket->receive(&bytes, size) : kError;
    return got.has_value();
  });
  app.write(to, bytes);
  return got.value_or(0);
}

// As much as the host takes at once.
int32_t send(Application& app, uint32_t handle, uint32_t from, uint32_t size, uint32_t, uint32_t ms, uint32_t) {
  if (size == 0) return 0;
  std::optional<int> sent;
  app.wait(ms, Application::kPolled, [&] {
    AppSocket* socket = find(app, handle);
    sent = socket ? socket->send(app.bytes(from, size), size) : kError;
    return sent.has_value();
  });
  return sent.value_or(0);
}

int32_t send_all(Application& app, uint32_t handle, uint32_t from, uint32_t size) {
  return send(app, handle, from, size, 0, Application::kForever, 0);
}

int32_t receive_from(Application& app, uint32_t handle, uint32_t to, uint32_t size, uint32_t, uint32_t address,
                     uint32_t address_size, uint32_t ms, uint32_t) {
  std::optional<int> got;
  AppSocket::Peer peer;
  std::string bytes;
  app.wait(ms, Application::kPolled, [&] {
    AppSocket* socket = find(app, handle);
    got = socket ? socket->receive_from(&bytes, size, &peer) : kError;
    return got.has_value();
  });
  if (got.value_or(kError) < 0) return got.value_or(0);
  app.write(to, bytes);
  if (address) put_peer(app, address, peer);
  app.put_if<uint32_t>(address_size, kSocketAddressSize);
  return *got;
}

int32_t receive_from_now(Application& app, uint32_t handle, uint32_t to, uint32_t size, uint32_t flags,
                         uint32_t address, uint32_t address_size) {
  return receive_from(app, handle, to, size, flags, address, address_size, 0, 0);
}

int32_t send_to(Application& app, uint32_t handle, uint32_t from, uint32_t size, uint32_t, uint32_t address, uint32_t) {
  AppSocket* socket = find(app, handle);
  const auto peer = peer_at(app, address);
  if (!socket || refused(app, peer, "send to")) return kError;
  return socket->send_to(app.bytes(from, size), size, peer);
}

int32_t close(Application& app, uint32_t handle) { return app.state<Sockets>().open.erase(handle) ? 0 : kError; }

int32_t shut_down(Application& app, uint32_t handle, uint32_t how) {
  AppSocket* socket = find(app, handle);
  if (!socket) return kError;
  socket->shut_down((how & kShutReading) != 0, (how & kShutWriting) != 0);
  return 0;
}

int32_t reset_blocking_call(Application&) { return 0; }

int32_t create_server(Application& app, uint16_t port, uint32_t) {
  if (!app.device().hosts() || !app.device().wifi_ready()) return kError;
  return static_cast<int32_t>(keep(app, AppSocket::server(port)));
}

int32_t accept(Application& app, uint32_t handle) {
  AppSocket* socket = find(app, handle);
  return socket ? static_cast<int32_t>(keep(app, socket->accept())) : kError;
}

int32_t no_multicast(Application&, uint32_t, uint32_t, uint32_t) {
  log_warning("the application may not join multicast groups");
  return kError;
}

int32_t peer(Application& app, uint32_t handle, uint32_t to, uint32_t) {
  const AppSocket* socket = find(app, handle);
  if (!socket || app.get<uint16_t>(to) < kPeerSize) return kError;
  app.put<uint32_t>(to + kPeerAddress, socket->peer().address);
  app.put<uint8_t>(to + kPeerAddress + 16, 4);  // its version
  app.put<uint16_t>(to + kPeerPort, socket->peer().port);
  return 0;
}

}  // namespace

SystemFunctions hal_socket_functions() {
  return {
      serves<active_status>("socket_active_status"),
      serves<valid>("socket_handle_valid"),
      serves<create>("socket_create"),
      serves<connect>("socket_connect"),
      serves<receive>("socket_receive"),
      serves<receive_from_now>("socket_receivefrom"),
      serves<send_all>("socket_send"),
      serves<send_to>("socket_sendto"),
      serves<close>("socket_close"),
      serves<reset_blocking_call>("socket_reset_blocking_call"),
      serves<create_server>("socket_create_tcp_server"),
      serves<accept>("socket_accept"),
      serves<invalid>("socket_handle_invalid"),
      serves<no_multicast>("socket_join_multicast"),
      serves<no_multicast>("socket_leave_multicast"),
      serves<peer>("socket_peer"),
      serves<shut_down>("socket_shutdown"),
      serves<send>("socket_send_ex"),
      serves<receive_from>("socket_receivefrom_ex"),
  };
}

}  // namespace vphoton::system
