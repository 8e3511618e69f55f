// A Wi-Fi password as SoftAP carries it: hexadecimal, RSA-encrypted under the device's public key.
#pragma once

#include <string>

namespace vphoton {

// Returned by configure-ap as they are: what the RSA code of Device OS reports.
constexpr int kRsaBadInput = -16512;
constexpr int kRsaInvalidPadding = -16640;

// 0 and the password, or one of the codes above. A field of at most one character is taken literally.
int decode_password(const std::string& field, const std::string& private_key_der, std::string* password);

}  // namespace vphoton
