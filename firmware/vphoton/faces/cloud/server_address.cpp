#include "faces/cloud/server_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <cstring>
#include <memory>

#include "base/hex.h"

namespace vphoton::cloud {
namespace {

constexpr char kDeviceOsMajor = '2';

}  // namespace

std::string expand_host(const std::string& host, const std::string& device_id) {
  std::string expanded = host;
  const size_t at = expanded.find("$id");
  if (at != std::string::npos) expanded.replace(at, 3, to_hex(device_id) + ".v" + kDeviceOsMajor);
  return expanded;
}

std::optional<sockaddr_in> resolve(const std::string& host, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) == 1) return address;
  if (host.empty()) return std::nullopt;

  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::memcpy(&address, found->ai_addr, sizeof address);
  address.sin_port = htons(port);
  return address;
}

}  // namespace vphoton::cloud
