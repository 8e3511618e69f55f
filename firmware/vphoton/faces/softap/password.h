// Secrets as SoftAP carries them: hexadecimal, encrypted under the device's public RSA key, or under an AES key that
// is.
#pragma once

#include <string>

namespace vphoton {

// Returned by configure-ap as they are: what the RSA code of Device OS reports.
constexpr int kRsaBadInput = -16512;
constexpr int kRsaInvalidPadding = -16640;

// 0 and the password, or one of the codes above. A field of at most one character is taken literally.
int decode_password(const std::string& field, const std::string& private_key_der, std::string* password);

// 0 and the PEM text, or one of the codes above. `ek` carries an AES key and an initialization vector, 16 bytes each;
// `field` is AES-128-CBC with PKCS#7 padding under them.
int decode_private_key(const std::string& ek, const std::string& field, const std::string& private_key_der,
                       std::string* pem);

}  // namespace vphoton
