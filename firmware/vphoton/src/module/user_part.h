// A native user part in this process: its code is loaded like a library, its entry points are those of app_abi.h.
#pragma once

#include <memory>
#include <string>

namespace vphoton {

enum class SystemMode { Automatic = 1, SemiAutomatic = 2, Manual = 3, SafeMode = 4 };

class UserPart {
 public:
  // Runs the firmware's global constructors and STARTUP code. Null and a reason if the code cannot be loaded.
  static std::unique_ptr<UserPart> load(const std::string& payload, std::string* reason);

  SystemMode system_mode() const { return mode_; }
  bool threaded() const { return threaded_; }
  void setup() const { setup_(); }
  void loop() const { loop_(); }

 private:
  UserPart() = default;
  void (*setup_)() = nullptr;
  void (*loop_)() = nullptr;
  SystemMode mode_ = SystemMode::Automatic;
  bool threaded_ = false;
};

}  // namespace vphoton
