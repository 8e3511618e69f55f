#include "base/crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <cstdlib>
#include <vector>

namespace vphoton::cloud {
namespace {

constexpr size_t kServerModulusOffset = 33;
constexpr size_t kServerModulusSize = 256;
constexpr size_t kDeviceModulusSize = 128;
constexpr unsigned kPublicExponent = 65537;

// Device OS 2.3.1: SubjectPublicKeyInfo of an RSA-1024 key up to its modulus.
constexpr uint8_t kDeviceSpkiHeader[29] = {0x30, 0x81, 0x9F, 0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48,
                                           0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00, 0x03, 0x81,
                                           0x8D, 0x00, 0x30, 0x81, 0x89, 0x02, 0x81, 0x81, 0x00};
constexpr uint8_t kDeviceSpkiTail[5] = {0x02, 0x03, 0x01, 0x00, 0x01};

const uint8_t* bytes(const std::string& text) { return reinterpret_cast<const uint8_t*>(text.data()); }
uint8_t* bytes(std::string& text) { return reinterpret_cast<uint8_t*>(text.data()); }

struct BnFree {
  void operator()(BIGNUM* number) const { BN_clear_free(number); }
  void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
  void operator()(OSSL_PARAM* params) const { OSSL_PARAM_free(params); }
};
using Number = std::unique_ptr<BIGNUM, BnFree>;

struct NamedNumber {
  const char* name;
  Number value;
};

PKey make_rsa(const std::vector<NamedNumber>& numbers, int selection) {
  std::unique_ptr<OSSL_PARAM_BLD, BnFree> builder(OSSL_PARAM_BLD_new());
  for (const auto& number : numbers)
    if (!number.value || !OSSL_PARAM_BLD_push_BN(builder.get(), number.name, number.value.get())) return nullptr;
  std::unique_ptr<OSSL_PARAM, BnFree> params(OSSL_PARAM_BLD_to_param(builder.get()));
  std::unique_ptr<EVP_PKEY_CTX, EvpFree> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) <= 0 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) <= 0)
    return nullptr;
  return PKey(key);
}

Number number_from(const uint8_t* data, size_t size) {
  return Number(BN_bin2bn(data, static_cast<int>(size), nullptr));
}

Number number_from(unsigned value) {
  Number number(BN_new());
  BN_set_word(number.get(), value);
  return number;
}

// Reads DER integers as unsigned numbers, which forgives a missing leading zero byte and any fixed width.
class DerReader {
 public:
  explicit DerReader(const std::string& der) : data_(bytes(der)), end_(data_ + der.size()) {}

  bool enter_sequence() {
    size_t length;
    return header(0x30, &length);
  }

  Number integer() {
    size_t length;
    if (!header(0x02, &length) || length > static_cast<size_t>(end_ - data_)) return nullptr;
    Number number = number_from(data_, length);
    data_ += length;
    return number;
  }

 private:
  bool header(uint8_t tag, size_t* length) {
    if (end_ - data_ < 2 || data_[0] != tag) return false;
    size_t value = data_[1];
    data_ += 2;
    if (value >= 0x80) {
      size_t count = value & 0x7F;
      if (count == 0 || count > 2 || static_cast<size_t>(end_ - data_) < count) return false;
      for (value = 0; count > 0; --count) value = value << 8 | *data_++;
    }
    *length = value;
    return true;
  }

  const uint8_t* data_;
  const uint8_t* end_;
};

using RsaInit = int (*)(EVP_PKEY_CTX*);
using RsaRun = int (*)(EVP_PKEY_CTX*, unsigned char*, size_t*, const unsigned char*, size_t);

std::optional<std::string> rsa(const PKey& key, RsaInit init, RsaRun run, const std::string& input) {
  std::unique_ptr<EVP_PKEY_CTX, EvpFree> context(EVP_PKEY_CTX_new(key.get(), nullptr));
  std::string output(static_cast<size_t>(EVP_PKEY_get_size(key.get())), '\0');
  size_t size = output.size();
  if (!context || init(context.get()) <= 0 || EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) <= 0)
    return std::nullopt;
  // OpenSSL from 3.2 on answers bad padding with random bytes unless told not to; older ones do not know the word.
  if (run == EVP_PKEY_decrypt) EVP_PKEY_CTX_ctrl_str(context.get(), "rsa_pkcs1_implicit_rejection", "0");
  if (run(context.get(), bytes(output), &size, bytes(input), input.size()) <= 0) return std::nullopt;
  output.resize(size);
  return output;
}

}  // namespace

std::optional<ServerKey> ServerKey::from_der(const std::string& der) {
  if (der.size() < kServerModulusOffset + kServerModulusSize || bytes(der)[0] != 0x30) return std::nullopt;
  std::vector<NamedNumber> numbers;
  numbers.push_back({OSSL_PKEY_PARAM_RSA_N, number_from(bytes(der) + kServerModulusOffset, kServerModulusSize)});
  numbers.push_back({OSSL_PKEY_PARAM_RSA_E, number_from(kPublicExponent)});
  PKey key = make_rsa(numbers, EVP_PKEY_PUBLIC_KEY);
  if (!key) return std::nullopt;
  return ServerKey(std::move(key));
}

std::optional<std::string> ServerKey::encrypt(const std::string& plain) const {
  return rsa(key_, EVP_PKEY_encrypt_init, EVP_PKEY_encrypt, plain);
}

std::optional<std::string> ServerKey::recover(const std::string& signature) const {
  return rsa(key_, EVP_PKEY_verify_recover_init, EVP_PKEY_verify_recover, signature);
}

std::optional<DeviceKey> DeviceKey::from_der(const std::string& der) {
  DerReader reader(der);
  if (!reader.enter_sequence() || !reader.integer()) return std::nullopt;
  static constexpr const char* kNames[] = {OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
                                           OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                           OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                           OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
  std::vector<NamedNumber> numbers;
  for (const char* name : kNames) {
    numbers.push_back({name, reader.integer()});
    if (!numbers.back().value) return std::nullopt;
  }
  const BIGNUM* modulus = numbers[0].value.get();
  if (BN_num_bytes(modulus) != kDeviceModulusSize || !BN_is_word(numbers[1].value.get(), kPublicExponent))
    return std::nullopt;
  std::string modulus_bytes(kDeviceModulusSize, '\0');
  BN_bn2bin(modulus, bytes(modulus_bytes));
  std::string spki(reinterpret_cast<const char*>(kDeviceSpkiHeader), sizeof kDeviceSpkiHeader);
  spki += modulus_bytes;
  spki.append(reinterpret_cast<const char*>(kDeviceSpkiTail), sizeof kDeviceSpkiTail);

  PKey key = make_rsa(numbers, EVP_PKEY_KEYPAIR);
  if (!key) return std::nullopt;
  return DeviceKey(std::move(key), std::move(spki));
}

std::optional<std::string> DeviceKey::decrypt(const std::string& cipher) const {
  return rsa(key_, EVP_PKEY_decrypt_init, EVP_PKEY_decrypt, cipher);
}

std::string hmac_sha1(const std::string& key, const std::string& data) {
  std::string digest(20, '\0');
  unsigned size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), bytes(data), data.size(), bytes(digest), &size);
  return digest;
}

AesCbc::AesCbc(Direction direction, const AesBlock& key) : context_(EVP_CIPHER_CTX_new()) {
  EVP_CipherInit_ex(context_.get(), EVP_aes_128_cbc(), nullptr, key.data(), nullptr,
                    direction == Direction::Encrypt ? 1 : 0);
}

std::string AesCbc::run(const AesBlock& iv, const std::string& data) {
  std::string output(data.size(), '\0');
  int size = 0;
  EVP_CipherInit_ex(context_.get(), nullptr, nullptr, nullptr, iv.data(), -1);
  EVP_CIPHER_CTX_set_padding(context_.get(), 0);
  EVP_CipherUpdate(context_.get(), bytes(output), &size, bytes(data), static_cast<int>(data.size()));
  return output;
}

uint8_t random_byte() {
  uint8_t byte = 0;
  if (RAND_bytes(&byte, 1) != 1) abort();
  return byte;
}

}  // namespace vphoton::cloud
