#include "system/services/app_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"

namespace vphoton {
namespace {

constexpr int kBacklog = 5;
constexpr size_t kMostAtOnce = 65536;

sockaddr_in address_of(const AppSocket::Peer& peer) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(peer.port);
  address.sin_addr.s_addr = htonl(peer.address);
  return address;
}

AppSocket::Peer peer_at(const sockaddr_in& address) {
  return {ntohl(address.sin_addr.s_addr), ntohs(address.sin_port)};
}

bool bind_to(int descriptor, uint16_t port) {
  const auto address = address_of({INADDR_LOOPBACK, port});
  return bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// -1: there is none.
int bound(int type, uint16_t port) {
  const int descriptor = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  const int on = 1;
  if (type == SOCK_STREAM) setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!bind_to(descriptor, port) && !bind_to(descriptor, 0)) {
    close(descriptor);
    return -1;
  }
  sockaddr_in own{};
  socklen_t size = sizeof own;
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size);
  if (port != 0 && peer_at(own).port != port)
    log_warning("the application's port %d is not to be had here; 127.0.0.1:%d takes its place", port,
                peer_at(own).port);
  return descriptor;
}

bool not_now() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

AppSocket::~AppSocket() {
  if (descriptor_ >= 0) close(descriptor_);
  if (outside_ >= 0) close(outside_);
}

std::unique_ptr<AppSocket> AppSocket::tcp() {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return descriptor < 0 ? nullptr : std::unique_ptr<AppSocket>(new AppSocket(descriptor));
}

std::unique_ptr<AppSocket> AppSocket::server(uint16_t port) {
  const int descriptor = bound(SOCK_STREAM, port);
  if (descriptor < 0) return nullptr;
  std::unique_ptr<AppSocket> made(new AppSocket(descriptor));
  return listen(descriptor, kBacklog) == 0 ? std::move(made) : nullptr;
}

std::unique_ptr<AppSocket> AppSocket::udp(uint16_t port, const Hosts& hosts) {
  const int descriptor = bound(SOCK_DGRAM, port);
  if (descriptor < 0) return nullptr;
  std::unique_ptr<AppSocket> made(new AppSocket(descriptor));
  made->hosts_ = &hosts;
  return made;
}

AppSocket::Progress AppSocket::connect(const Peer& peer) {
  if (!connecting_) {
    connecting_ = true;
    peer_ = peer;
    const auto address = address_of(peer);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return Progress::Done;
    return errno == EINPROGRESS ? Progress::Under_way : Progress::Failed;
  }
  pollfd asked{descriptor_, POLLOUT, 0};
  if (poll(&asked, 1, 0) == 0) return Progress::Under_way;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0 && (asked.revents & POLLERR) == 0 ? Progress::Done : Progress::Failed;
}

std::unique_ptr<AppSocket> AppSocket::accept() {
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const int descriptor = accept4(descriptor_, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return nullptr;
  std::unique_ptr<AppSocket> made(new AppSocket(descriptor));
  made->peer_ = peer_at(from);
  return made;
}

bool AppSocket::connected() {
  uint8_t byte;
  const auto got = recv(descriptor_, &byte, 1, MSG_PEEK);
  return got > 0 || (got < 0 && not_now());
}

void AppSocket::shut_down(bool reading, bool writing) {
  if (reading || writing) shutdown(descriptor_, reading && writing ? SHUT_RDWR : reading ? SHUT_RD : SHUT_WR);
}

std::optional<int> AppSocket::receive(std::string* to, size_t size) {
  to->resize(std::min(size, kMostAtOnce));
  const auto got = recv(descriptor_, to->data(), to->size(), 0);
  to->resize(got > 0 ? static_cast<size_t>(got) : 0);
  if (got < 0 && not_now()) return std::nullopt;
  return got > 0 ? static_cast<int>(got) : -1;
}

std::optional<int> AppSocket::send(const uint8_t* from, size_t size) {
  const auto sent = ::send(descriptor_, from, size, MSG_NOSIGNAL);
  if (sent < 0 && not_now()) return std::nullopt;
  return static_cast<int>(sent);
}

std::optional<int> AppSocket::receive_from(std::string* to, size_t size, Peer* from) {
  for (const int descriptor : {descriptor_, outside_}) {
    sockaddr_in sender{};
    socklen_t length = sizeof sender;
    if (descriptor < 0) continue;
    to->resize(std::min(size, kMostAtOnce));
    const auto got = recvfrom(descriptor, to->data(), to->size(), 0, reinterpret_cast<sockaddr*>(&sender), &length);
    to->resize(got > 0 ? static_cast<size_t>(got) : 0);
    if (got < 0 || !hosts_ || !hosts_->allows(peer_at(sender).address)) continue;
    *from = peer_at(sender);
    return static_cast<int>(got);
  }
  to->clear();
  return std::nullopt;
}

int AppSocket::send_to(const uint8_t* from, size_t size, const Peer& to) {
  const bool outside = to.address >> 24 != 127;
  if (outside && outside_ < 0) outside_ = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const auto address = address_of(to);
  return static_cast<int>(sendto(outside ? outside_ : descriptor_, from, size, MSG_NOSIGNAL,
                                 reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

}  // namespace vphoton
