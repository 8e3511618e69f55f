#include "softap/password.h"

#include "cloud/crypto.h"
#include "core/hex.h"

namespace vphoton {
namespace {

constexpr size_t kBlockSize = 128;  // RSA-1024

}  // namespace

int decode_password(const std::string& field, const std::string& private_key_der, std::string* password) {
  if (field.size() <= 1) {
    *password = field;
    return 0;
  }
  auto block = from_hex(field);
  if (!block || block->size() != kBlockSize) return kRsaBadInput;
  auto key = cloud::DeviceKey::from_der(private_key_der);
  if (!key) return kRsaBadInput;
  auto plain = key->decrypt(*block);
  if (!plain) return kRsaInvalidPadding;
  *password = *plain;
  return 0;
}

}  // namespace vphoton
