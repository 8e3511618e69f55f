// The five Wi-Fi networks a Photon remembers, newest first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "board/flash_device.h"

namespace vphoton {

// `security` as WICED numbers it: 0 open, 0x00400004 WPA2 AES, ...
struct WifiNetwork {
  std::string ssid;      // 1 ... 32 bytes
  std::string password;  // up to 64 bytes
  uint32_t security = 0;
};

class WifiCredentials {
 public:
  explicit WifiCredentials(FlashDevice& flash) : flash_(flash) {}

  std::vector<WifiNetwork> list() const;
  bool empty() const { return list().empty(); }
  // A known SSID is replaced in its place, a new one comes first and the sixth is forgotten. A network with WPA
  // enterprise takes the place of the one there is.
  bool store(const WifiNetwork& network);
  bool clear();

 private:
  FlashDevice& flash_;
};

}  // namespace vphoton
