// A user part that runs, as the device sees it: the application's own functions, and what it declared before setup().
#pragma once

#include <string>

namespace vphoton {

enum class SystemMode { Automatic = 1, SemiAutomatic = 2, Manual = 3, SafeMode = 4 };

class UserPart {
 public:
  virtual ~UserPart() = default;

  virtual SystemMode system_mode() const = 0;
  virtual bool threaded() const = 0;
  virtual void setup() = 0;
  virtual void loop() = 0;
  // What the machine that runs it has counted, as JSON.
  virtual std::string figures() const = 0;
};

}  // namespace vphoton
