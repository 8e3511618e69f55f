// What the setup console of one Device OS version does otherwise than that of 2.3.1.
#pragma once

#include <string>

namespace vphoton {

struct ConsoleDialect {
  bool claiming = true;  // `c` and `C`, since 0.6.0
  bool enterprise =
      true;  // the `w` dialogue looks for the network in the air first and knows WPA enterprise, since 0.7.0
  bool diagnostics = true;  // `d`, since 2.0.0

  // `version` as in 2.3.1.
  static ConsoleDialect of(const std::string& version);
};

}  // namespace vphoton
