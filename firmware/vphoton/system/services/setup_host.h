// What both ways to set a Photon up, SoftAP and the setup console, ask of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "board/access_point.h"
#include "system/services/application_page.h"
#include "system/stored/enterprise_credentials.h"

namespace vphoton {

// Device OS 2.3.1, results of storing Wi-Fi credentials.
constexpr int kCredentialsStored = 0;
constexpr int kCredentialsFailed = -1;
constexpr int kCipherUnknown = -2;
constexpr int kSsidLengthInvalid = -3;
constexpr int kKeyLengthInvalid = -4;
constexpr int kEnterpriseInvalid = 1;

class SetupHost {
 public:
  virtual ~SetupHost() = default;

  virtual std::string device_id() = 0;         // 24 lower-case hex digits
  virtual std::string serial_number() = 0;     // empty: none provisioned
  virtual std::string device_secret() = 0;     // empty: none provisioned
  virtual std::string mac_address_text() = 0;  // aa:bb:cc:dd:ee:ff
  virtual std::string system_version() = 0;    // of Device OS, as in 2.3.1
  virtual std::string system_describe() = 0;   // members without braces
  virtual std::string diagnostics() = 0;       // a JSON object
  virtual bool claimed() = 0;
  virtual bool store_claim_code(const std::string& code) = 0;
  virtual std::string public_key_field() = 0;   // 294 bytes
  virtual std::string private_key_field() = 0;  // PKCS#1 DER with filler
  virtual std::vector<AccessPoint> scan() = 0;
  // `security` is a WICED number, of which the cipher may be missing: then that of the network in the air is taken.
  // With an `enterprise` of a type other than kNone, that is stored as well.
  virtual int store_network(const std::string& ssid, const std::string& password, uint32_t security,
                            const EapConfig& enterprise) = 0;
  virtual ApplicationPage application_page() = 0;
  virtual void select_antenna(bool external) = 0;
  // The access point goes down before the answer to connect-ap is out; asked once for each.
  virtual bool connect_answer_lost() = 0;
  // Leave listening mode and join.
  virtual void finish_setup() = 0;
  // Reset into safe mode and listening mode.
  virtual void restart_listening() = 0;

  // A module that comes over serial goes the way of an update over the air. Offsets and sizes in bytes; results are 0
  // or a negative Device OS system error.
  virtual int ota_begin(uint32_t length) = 0;
  virtual int ota_write(uint32_t offset, const uint8_t* data, size_t size) = 0;
  virtual int ota_validate() = 0;
  virtual void ota_apply() = 0;    // resets with reason `update`
  virtual void ota_dropped() = 0;  // nothing comes of it, and the device goes on
};

}  // namespace vphoton
