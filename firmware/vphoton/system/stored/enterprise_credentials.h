// What a Photon knows about WPA enterprise: one configuration for whichever stored network asks for it.
#pragma once

#include <cstdint>
#include <string>

#include "board/flash_device.h"
#include "system/stored/dct.h"

namespace vphoton {

// EAP types as SoftAP numbers them.
namespace eap {
constexpr uint8_t kNone = 0;
constexpr uint8_t kTls = 13;
constexpr uint8_t kPeap = 25;  // with MSCHAPv2
}  // namespace eap

struct EapConfig {
  uint8_t type = eap::kNone;
  std::string inner_identity;  // user name; up to 64 bytes
  std::string outer_identity;  // up to 64 bytes; "anonymous" when empty
  std::string password;        // up to 64 bytes
  std::string client_certificate;
  std::string private_key;
  std::string root_certificate;  // of the network's server; optional
};

class EnterpriseCredentials {
 public:
  EnterpriseCredentials(FlashDevice& flash, Dct& dct) : flash_(flash), dct_(dct) {}

  // Of type kNone when there is none.
  EapConfig load() const;
  // PEAP needs an inner identity and a password, EAP-TLS a certificate and its key; false when that is missing or too
  // long, or cannot be written. A power cut leaves the old configuration, none or the new one.
  bool store(const EapConfig& config);
  bool clear();

 private:
  FlashDevice& flash_;
  Dct& dct_;
};

}  // namespace vphoton
