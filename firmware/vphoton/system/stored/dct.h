// The application area of the DCT: what Device OS keeps there, by name, at its real offsets (Device OS 2.3.1, dct.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "board/flash_device.h"

namespace vphoton {

namespace dct {
constexpr size_t kSystemFlags = 0;
constexpr size_t kUpdateSucceeded = 10;  // u16 LE, 0x0005: a choice of place, within the system flags
constexpr size_t kPrivateKey = 34;
constexpr size_t kPrivateKeySize = 1216;
constexpr size_t kPublicKey = 1250;
constexpr size_t kPublicKeySize = 384;
constexpr size_t kUpdateFlag = 1753;  // 0xA5: a module in flash_modules waits to be copied
constexpr size_t kFeatureFlags = 1754;
constexpr size_t kClaimCode = 1762;
constexpr size_t kClaimCodeSize = 63;
constexpr size_t kClaimed = 1825;
constexpr size_t kVersionString = 1858;
constexpr size_t kVersionStringSize = 32;
constexpr size_t kSsidPrefix = 1826;
constexpr size_t kSsidPrefixSize = 26;
constexpr size_t kDeviceCode = 1852;
constexpr size_t kDeviceCodeSize = 6;
constexpr size_t kDnsResolve = 1890;
constexpr size_t kDnsResolveSize = 128;
constexpr size_t kServerKey = 2082;
constexpr size_t kServerKeyFileSize = 512;  // key, address at +384, port at +450: what `particle keys server` writes
constexpr size_t kServerKeyDerSize = 294;
constexpr size_t kServerAddress = 2466;
constexpr size_t kServerAddressSize = 128;
constexpr size_t kServerAddressPort = 66;
constexpr size_t kFlashModules = 2852;
constexpr size_t kFlashModuleSize = 20;
constexpr size_t kAntenna = 2976;  // 0 internal, 1 external, 3 automatic
constexpr size_t kDeviceId = 3618;
constexpr size_t kEapConfig = 3823;
constexpr size_t kDeviceSecret = 8119;
constexpr size_t kDeviceSecretSize = 15;
constexpr size_t kSize = 8391;
}  // namespace dct

struct ServerAddress {
  std::string host;  // IPv4 text or domain name; empty: nothing stored
  uint16_t port;
};

class Dct {
 public:
  explicit Dct(FlashDevice& flash) : flash_(flash) {}

  std::string read(size_t offset, size_t size) const { return flash_.read(Region::Dct, offset, size); }
  bool write(size_t offset, const std::string& data) { return flash_.write(Region::Dct, offset, data); }
  uint8_t byte(size_t offset) const { return static_cast<uint8_t>(read(offset, 1)[0]); }

  bool has_private_key() const { return byte(dct::kPrivateKey) != 0xFF; }
  std::string private_key() const { return read(dct::kPrivateKey, dct::kPrivateKeySize); }
  std::string public_key() const { return read(dct::kPublicKey, dct::kPublicKeySize); }
  // PKCS#1 RSAPrivateKey and SubjectPublicKeyInfo DER.
  bool set_key_pair(const std::string& private_der, const std::string& public_der);

  std::string server_key() const { return read(dct::kServerKey, dct::kServerKeyDerSize); }
  bool set_server_key(const std::string& der);
  ServerAddress server_address() const;
  // `host` is an IPv4 address or a domain name of at most 64 characters.
  bool set_server_address(const ServerAddress& address);

  // Empty when the first byte is 0x00 or 0xFF.
  std::string claim_code() const;
  // At most 63 characters, NUL padded. Does not touch the claimed flag.
  bool set_claim_code(const std::string& code);
  // Clears the code and sets the claimed flag.
  bool confirm_claim();
  bool claimed() const { return byte(dct::kClaimed) == '1'; }

  // `Photon-XXXXXX`; whatever of it is missing is made up and stored.
  std::string softap_ssid();
  bool set_softap_prefix(const std::string& prefix);
  bool set_softap_suffix(const std::string& suffix);
  bool set_dns_names(const std::string& names);

  bool reset_info_enabled() const { return byte(dct::kFeatureFlags) & 1; }

 private:
  FlashDevice& flash_;
};

}  // namespace vphoton
