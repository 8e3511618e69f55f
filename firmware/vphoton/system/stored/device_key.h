// The device's RSA-1024 key pair as it is stored: made at first boot, public half derived.
#pragma once

#include <optional>
#include <string>

namespace vphoton {

struct DeviceKeyPair {
  std::string private_der;  // PKCS#1 RSAPrivateKey, at most 612 bytes
  std::string public_der;   // SubjectPublicKeyInfo, 162 bytes
};

// A new key pair with exponent 65537; nothing when the random source fails.
std::optional<DeviceKeyPair> generate_device_key();
// Nothing when this is no RSA-1024 private key with exponent 65537.
std::optional<DeviceKeyPair> complete_device_key(const std::string& private_der);
// Whether a stored public key has the modulus of a stored private key; tells without any arithmetic.
bool is_device_key_pair(const std::string& private_der, const std::string& public_der);

}  // namespace vphoton
