// The cryptography of the cloud session: RSA for the handshake, HMAC-SHA1 for its signature, AES-128-CBC for frames.
#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace vphoton::cloud {

using AesBlock = std::array<uint8_t, 16>;

struct EvpFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using PKey = std::unique_ptr<EVP_PKEY, EvpFree>;

// The server's RSA-2048 public key as the engine reads it: 256 modulus bytes at DER offset 33, exponent always 65537.
class ServerKey {
 public:
  // SubjectPublicKeyInfo DER, at least 289 bytes, filler behind it is ignored. Empty when too short or erased.
  static std::optional<ServerKey> from_der(const std::string& der);

  // PKCS#1 v1.5 type 2. At most 245 bytes in, 256 bytes out.
  std::optional<std::string> encrypt(const std::string& plain) const;
  // What stands behind the type 1 padding of a 256-byte signature.
  std::optional<std::string> recover(const std::string& signature) const;

 private:
  explicit ServerKey(PKey key) : key_(std::move(key)) {}
  PKey key_;
};

// The device's RSA-1024 key pair.
class DeviceKey {
 public:
  // PKCS#1 RSAPrivateKey DER with integers of fixed width, with or without the leading zero byte; filler is ignored.
  static std::optional<DeviceKey> from_der(const std::string& der);

  // SubjectPublicKeyInfo, 162 bytes.
  const std::string& public_key_der() const { return public_der_; }
  // PKCS#1 v1.5 type 2. 128 bytes in.
  std::optional<std::string> decrypt(const std::string& cipher) const;

 private:
  DeviceKey(PKey key, std::string public_der) : key_(std::move(key)), public_der_(std::move(public_der)) {}
  PKey key_;
  std::string public_der_;
};

// 20 bytes.
std::string hmac_sha1(const std::string& key, const std::string& data);

// AES-128-CBC over whole blocks, without padding; the initialization vector is given anew for each message.
class AesCbc {
 public:
  enum class Direction { Encrypt, Decrypt };
  AesCbc(Direction direction, const AesBlock& key);
  // `data` must be a multiple of 16 bytes long.
  std::string run(const AesBlock& iv, const std::string& data);

 private:
  std::unique_ptr<EVP_CIPHER_CTX, EvpFree> context_;
};

uint8_t random_byte();

}  // namespace vphoton::cloud
