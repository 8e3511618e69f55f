#include "debug/debug_port.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace vphoton::debug {
namespace {

uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? ntohs(address.sin_port) : uint16_t{0};
}

}  // namespace

DebugPort::~DebugPort() {
  close_listener();
  if (waiting_ >= 0) close(waiting_);
}

std::string DebugPort::open(uint16_t number) {
  if (client_ >= 0 && debugger_.attached()) return "a debugger is connected already";
  if (listener_ >= 0) return "";
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  if (listener_ >= 0) setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(number);
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 1) != 0) {
    const std::string reason = strerror(errno);
    close_listener();
    return "port " + std::to_string(number) + " on 127.0.0.1: " + reason;
  }
  watch_listener();
  return "";
}

void DebugPort::watch_listener() {
  number_ = port_of(listener_);
  reactor_.watch(listener_, POLLIN, [this](short) { accept_next(); });
}

void DebugPort::accept_next() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  drop_client();
  client_ = fd;
  connection_ = std::make_unique<Connection>(reactor_, fd, [this](const std::string& data) { on_data(data); });
}

void DebugPort::on_data(const std::string& data) {
  const bool goes_on = !data.empty() && debugger_.receive(data);
  if (!goes_on) {
    if (debugger_.attached()) close_listener();
    drop_client();
  } else if (debugger_.attached() && listener_ >= 0) {
    close_listener();
  }
}

void DebugPort::close_listener() {
  if (listener_ < 0) return;
  reactor_.forget(listener_);
  close(std::exchange(listener_, -1));
}

void DebugPort::drop_client() {
  connection_.reset();
  client_ = -1;
  debugger_.detach();
}

DebugPort::Carried DebugPort::carried() const {
  return {listener_, debugger_.attached() ? client_ : -1, debugger_.attached() ? debugger_.carried() : ""};
}

void DebugPort::carry(const Carried& carried) {
  for (const int fd : {carried.listener, carried.client})
    if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  listener_ = carried.listener;
  if (listener_ >= 0) watch_listener();
  waiting_ = carried.client;
  if (waiting_ >= 0) debugger_.attach_again(carried.state);
}

void DebugPort::begin_again() {
  if (waiting_ < 0) return;
  client_ = std::exchange(waiting_, -1);
  connection_ = std::make_unique<Connection>(reactor_, client_, [this](const std::string& data) { on_data(data); });
  reactor_.after(0, [this] {
    if (connection_ && !debugger_.receive("")) drop_client();
  });
}

void DebugPort::send(const std::string& bytes) {
  if (connection_) connection_->send(bytes);
}

void DebugPort::reset_wanted() {
  reactor_.forget(client_);
  reactor_.after(0, [this] { device_.reset(); });
}

void DebugPort::released() {
  reactor_.after(0, [this] { device_.released(); });
}

}  // namespace vphoton::debug
