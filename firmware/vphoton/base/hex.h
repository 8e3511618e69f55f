// Bytes as hexadecimal text and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vphoton {

std::string to_hex(const std::string& bytes);        // lower case
std::string to_upper_hex(const std::string& bytes);  // upper case
std::string hex_address(uint32_t address);           // as 0x and eight digits
// Digits of either case; nothing for an odd count or any other character.
std::optional<std::string> from_hex(const std::string& text);

}  // namespace vphoton
