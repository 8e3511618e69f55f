// The command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "board/access_point.h"
#include "board/flash_device.h"
#include "faces/cloud/generation.h"
#include "system/services/hosts.h"
#include "system/stored/dct.h"
#include "system/stored/wifi_credentials.h"

namespace vphoton {

struct Options {
  bool help = false;
  bool log = false;
  bool listening = false;
  std::string state;
  int rack = 0;  // how many devices, in as many folders below `state`; 0: `state` is the only one
  bool check_memory = false;
  std::string record;      // path of a waveform of the pins, or empty
  std::string trial;       // a plan, or empty
  std::string device_id;   // 12 bytes, or empty
  std::string device_key;  // PKCS#1 DER, or empty
  std::string server_key;  // SubjectPublicKeyInfo DER, or empty
  std::optional<ServerAddress> server;
  std::string firmware;       // a module's bytes, or empty
  std::string serial_number;  // at most 15 characters
  std::string device_secret;  // 15 characters
  std::string factory_firmware;
  int setup_hold_ms = 0;
  std::optional<WifiNetwork> wifi;
  std::optional<std::vector<AccessPoint>> air;
  uint16_t softap_tcp_port = 0;
  uint16_t softap_http_port = 0;
  std::string wired_to;                          // what the pins are connected to, or empty: as the device has it
  std::string peripherals;                       // see Peripherals::attach(), or empty
  Hosts hosts;                                   // that the application may reach
  int loop_hz = 0;                               // 0: by what goes on
  const cloud::Generation* device_os = nullptr;  // null: the one the device has
  PlannedPowerCut power_cut;

  // Files named in `arguments` (without the program's name) are read. Nothing, and what is wrong, on bad input.
  static std::optional<Options> parse(const std::vector<std::string>& arguments, std::string* error);
};

extern const char kHelp[];

}  // namespace vphoton
