// What both ways to set a Photon up, SoftAP and the setup console, ask of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/access_point.h"

namespace vphoton {

// Device OS 2.3.1, results of storing Wi-Fi credentials.
constexpr int kCredentialsStored = 0;
constexpr int kCredentialsFailed = -1;
constexpr int kCipherUnknown = -2;
constexpr int kSsidLengthInvalid = -3;
constexpr int kKeyLengthInvalid = -4;

class SetupHost {
 public:
  virtual ~SetupHost() = default;

  virtual std::string device_id() = 0;         // 24 lower-case hex digits
  virtual std::string mac_address_text() = 0;  // aa:bb:cc:dd:ee:ff
  virtual std::string system_describe() = 0;   // members without braces
  virtual bool claimed() = 0;
  virtual bool store_claim_code(const std::string& code) = 0;
  virtual std::string public_key_field() = 0;   // 294 bytes
  virtual std::string private_key_field() = 0;  // PKCS#1 DER with filler
  virtual std::vector<AccessPoint> scan() = 0;
  // `security` is a WICED number, of which the cipher may be missing: then it is taken from the network in the air.
  virtual int store_network(const std::string& ssid, const std::string& password, uint32_t security) = 0;
  // Leave listening mode and join.
  virtual void finish_setup() = 0;
};

}  // namespace vphoton
