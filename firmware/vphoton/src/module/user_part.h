// A user part that runs: the application's own functions, and what it declared before setup(). UserPart::load() makes a
// native one, code in this process with the entry points of app_abi.h; system/application.h one of ARM code.
#pragma once

#include <memory>
#include <string>

namespace vphoton {

enum class SystemMode { Automatic = 1, SemiAutomatic = 2, Manual = 3, SafeMode = 4 };

class UserPart {
 public:
  virtual ~UserPart() = default;
  // Runs the firmware's global constructors and STARTUP code. Null and a reason if the code cannot be loaded.
  static std::unique_ptr<UserPart> load(const std::string& payload, std::string* reason);

  virtual SystemMode system_mode() const = 0;
  virtual bool threaded() const = 0;
  virtual void setup() = 0;
  virtual void loop() = 0;
  // What the machine that runs it has counted, as JSON; native code has none.
  virtual std::string figures() const { return "null"; }
};

}  // namespace vphoton
