#include "faces/softap/password.h"

#include <algorithm>

#include "base/crypto.h"
#include "base/hex.h"

namespace vphoton {
namespace {

constexpr size_t kBlockSize = 128;  // RSA-1024
constexpr size_t kAesSize = 16;

int decrypt(const std::string& hex, const std::string& private_key_der, std::string* plain) {
  auto block = from_hex(hex);
  if (!block || block->size() != kBlockSize) return kRsaBadInput;
  auto key = cloud::DeviceKey::from_der(private_key_der);
  if (!key) return kRsaBadInput;
  auto text = key->decrypt(*block);
  if (!text) return kRsaInvalidPadding;
  *plain = *text;
  return 0;
}

}  // namespace

int decode_password(const std::string& field, const std::string& private_key_der, std::string* password) {
  if (field.size() > 1) return decrypt(field, private_key_der, password);
  *password = field;
  return 0;
}

int decode_private_key(const std::string& ek, const std::string& field, const std::string& private_key_der,
                       std::string* pem) {
  std::string secret;
  int result = decrypt(ek, private_key_der, &secret);
  if (result != 0) return result;
  auto cipher = from_hex(field);
  if (secret.size() != 2 * kAesSize || !cipher || cipher->empty() || cipher->size() % kAesSize != 0)
    return kRsaBadInput;
  cloud::AesBlock key, iv;
  std::copy_n(secret.begin(), kAesSize, key.begin());
  std::copy_n(secret.begin() + kAesSize, kAesSize, iv.begin());
  std::string plain = cloud::AesCbc(cloud::AesCbc::Direction::Decrypt, key).run(iv, *cipher);
  size_t padding = static_cast<uint8_t>(plain.back());
  if (padding == 0 || padding > kAesSize) return kRsaBadInput;
  *pem = plain.substr(0, plain.size() - padding);
  return 0;
}

}  // namespace vphoton
