#include "system/services/hosts.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>

namespace vphoton {
namespace {

constexpr uint32_t kLoopback = 127u << 24 | 1;

std::optional<uint32_t> from_dotted(const std::string& text) {
  in_addr parsed;
  if (inet_pton(AF_INET, text.c_str(), &parsed) != 1) return std::nullopt;
  return ntohl(parsed.s_addr);
}

}  // namespace

bool Hosts::allow(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (host.empty() || getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return false;
  for (const addrinfo* each = found; each; each = each->ai_next)
    allowed_.emplace_back(host, ntohl(reinterpret_cast<const sockaddr_in*>(each->ai_addr)->sin_addr.s_addr));
  freeaddrinfo(found);
  return true;
}

bool Hosts::allows(uint32_t address) const {
  return address >> 24 == 127 ||
         std::any_of(allowed_.begin(), allowed_.end(), [address](const auto& each) { return each.second == address; });
}

std::optional<uint32_t> Hosts::find(const std::string& name) const {
  if (name == "localhost") return kLoopback;
  if (const auto address = from_dotted(name)) return address;
  const auto found =
      std::find_if(allowed_.begin(), allowed_.end(), [&name](const auto& each) { return each.first == name; });
  return found == allowed_.end() ? std::nullopt : std::optional(found->second);
}

std::string dotted(uint32_t address) {
  const in_addr raw{htonl(address)};
  char text[INET_ADDRSTRLEN];
  return inet_ntop(AF_INET, &raw, text, sizeof text);
}

}  // namespace vphoton
