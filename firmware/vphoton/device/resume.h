// What a device takes with it through a reset: the process starts its own program anew, so that firmware really is
// loaded afresh, and keeps the descriptors by which the outside knows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "board/access_point.h"
#include "board/flash_device.h"
#include "debug/debug_port.h"
#include "system/device.h"

namespace vphoton {

// Environment variable with the descriptor of the record.
constexpr char kResumeVariable[] = "VPHOTON_RESUME";

struct Resume {
  ResetReason reason = ResetReason::None;
  uint32_t data = 0;
  bool listen = false;  // into listening mode
  bool dfu = false;     // into DFU mode
  int lock = -1;
  int serial = -1;
  int softap_tcp = -1;
  int softap_http = -1;
  std::string pins;            // see Pins::carried(); empty: as after a reset
  int kept_memory = -1;        // what the firmware declares so
  int setup_hold_ms = 0;       // SETUP stays pressed so long from now
  bool setup_pressed = false;  // until it is let go
  bool reset_pressed = false;
  std::string control_folder;  // made for the control socket, or empty
  debug::DebugPort::Carried debug;
  std::string peripherals;       // see Peripherals::attached()
  std::vector<AccessPoint> air;  // the world around does not change because a device resets
  bool wifi_available = true;
  PlannedPowerCut power_cut;

  // Of this process, if it is the continuation of another. Takes it out of the environment.
  static std::optional<Resume> take();
  // A descriptor that take() finds all this behind; -1 when that fails.
  int record() const;
  // Never returns: starts the program anew, or ends the process with a message.
  [[noreturn]] void restart(char* const argv[]) const;
};

const char* reset_reason_name(ResetReason reason);

}  // namespace vphoton
