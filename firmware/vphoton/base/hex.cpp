#include "base/hex.h"

#include <cstdio>

namespace vphoton {
namespace {

std::string encode(const std::string& bytes, const char* digits) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (unsigned char byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_hex(const std::string& bytes) { return encode(bytes, "0123456789abcdef"); }
std::string to_upper_hex(const std::string& bytes) { return encode(bytes, "0123456789ABCDEF"); }

std::optional<std::string> from_hex(const std::string& text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

std::string hex_address(uint32_t address) {
  char text[16];
  snprintf(text, sizeof text, "0x%08x", address);
  return text;
}

}  // namespace vphoton
