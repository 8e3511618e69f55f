#include "debug/request.h"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/hex.h"

namespace vphoton::debug {

bool begins(const std::string& text, const char* with) { return text.compare(0, std::strlen(with), with) == 0; }

std::optional<std::vector<uint32_t>> numbers(const std::string& text, const char* separators) {
  std::vector<uint32_t> found;
  const char* at = text.c_str();
  for (; *separators; ++separators) {
    if (*at++ != *separators || !std::isxdigit(static_cast<unsigned char>(*at))) return std::nullopt;
    char* end = nullptr;
    const unsigned long long value = std::strtoull(at, &end, 16);
    if (value > UINT32_MAX) return std::nullopt;
    found.push_back(static_cast<uint32_t>(value));
    at = end;
  }
  if (*at != '\0' && *at != ':' && *at != '=' && *at != ';') return std::nullopt;
  return found;
}

std::string number(uint32_t value) {
  char text[12];
  snprintf(text, sizeof text, "%x", value);
  return text;
}

std::string little_endian(uint32_t value, unsigned size) {
  std::string bytes(size, '\0');
  std::memcpy(bytes.data(), &value, size);
  return to_hex(bytes);
}

std::optional<uint32_t> from_little_endian(const std::string& hex, unsigned size) {
  const auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != size) return std::nullopt;
  uint32_t value = 0;
  std::memcpy(&value, bytes->data(), size);
  return value;
}

}  // namespace vphoton::debug
