#include "system/stored/device_key.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/crypto.h"

namespace vphoton {
namespace {

// Device OS 2.3.1, device keys: where the modulus lies in PKCS#1 RSAPrivateKey and in SubjectPublicKeyInfo.
constexpr size_t kPrivateModulus = 11;
constexpr size_t kPublicModulus = 29;
constexpr size_t kModulusSize = 128;

}  // namespace

std::optional<DeviceKeyPair> generate_device_key() {
  cloud::PKey key(EVP_RSA_gen(1024));
  if (!key) return std::nullopt;
  // Minimal DER is a choice: a Photon pads its integers to fixed widths, which few readers besides its own accept.
  unsigned char* der = nullptr;
  int size = i2d_PrivateKey(key.get(), &der);
  if (size <= 0) return std::nullopt;
  std::string private_der(reinterpret_cast<char*>(der), static_cast<size_t>(size));
  OPENSSL_clear_free(der, static_cast<size_t>(size));
  return complete_device_key(private_der);
}

std::optional<DeviceKeyPair> complete_device_key(const std::string& private_der) {
  auto key = cloud::DeviceKey::from_der(private_der);
  if (!key) return std::nullopt;
  return DeviceKeyPair{private_der, key->public_key_der()};
}

bool is_device_key_pair(const std::string& private_der, const std::string& public_der) {
  if (private_der.size() < kPrivateModulus + kModulusSize || public_der.size() < kPublicModulus + kModulusSize)
    return false;
  return private_der.compare(kPrivateModulus, kModulusSize, public_der, kPublicModulus, kModulusSize) == 0;
}

}  // namespace vphoton
