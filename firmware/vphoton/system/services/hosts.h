// The hosts that an application may reach: loopback, and those that the command line allows. Nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vphoton {

class Hosts {
 public:
  // IPv4 addresses, the first number in the highest byte.

  // A name or an address, looked up at once. False: it is not known.
  bool allow(const std::string& host);
  bool allows(uint32_t address) const;
  // Of "localhost", an address in dots, or a name that is allowed.
  std::optional<uint32_t> find(const std::string& name) const;

 private:
  std::vector<std::pair<std::string, uint32_t>> allowed_;
};

std::string dotted(uint32_t address);

}  // namespace vphoton
