#include "faces/softap/port.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace vphoton {
namespace {

// SO_REUSEADDR on both lets a second socket listen on a port the first one only holds.
int bound_socket(uint16_t number) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(number);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

}  // namespace

Port::~Port() {
  if (holder_ >= 0) close(holder_);
}

std::string Port::reserve(uint16_t number, int inherited) {
  holder_ = inherited >= 0 ? inherited : bound_socket(number);
  if (holder_ < 0) return "port " + std::to_string(number) + " on 127.0.0.1: " + strerror(errno);
  fcntl(holder_, F_SETFD, FD_CLOEXEC);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(holder_, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "getsockname failed";
  number_ = ntohs(address.sin_port);
  // Two devices may hold one port unless one listens; a free one is therefore tried out.
  int trial = listen(1);
  if (trial < 0) return "port " + std::to_string(number_) + " on 127.0.0.1 is in use";
  close(trial);
  return "";
}

int Port::listen(int backlog) const {
  if (holder_ < 0) return -1;
  int fd = bound_socket(number_);
  if (fd < 0) return -1;
  if (::listen(fd, backlog) == 0) return fd;
  close(fd);
  return -1;
}

}  // namespace vphoton
