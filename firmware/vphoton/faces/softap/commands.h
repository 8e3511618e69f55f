// The commands of SoftAP, the same over TCP and HTTP: a body in, pieces of JSON out.
#pragma once

#include <string>
#include <vector>

#include "system/services/setup_host.h"

namespace vphoton {

class SoftApCommands {
 public:
  explicit SoftApCommands(SetupHost& host) : host_(host) {}

  static bool known(const std::string& name);
  // Antenna commands, over TCP only: they are carried out and not answered.
  bool run_silent(const std::string& name);
  // After its answer SoftAP ends.
  static bool ends_setup(const std::string& name) { return name == "connect-ap"; }

  // Each piece is one internal write of the device, and one chunk over HTTP. No piece at all: the body could not be
  // understood.
  std::vector<std::string> run(const std::string& name, const std::string& body);

 private:
  using Pieces = std::vector<std::string>;
  Pieces scan();
  Pieces configure(const std::string& body);
  Pieces set(const std::string& body);

  SetupHost& host_;
};

}  // namespace vphoton
