// CRC-32 as zlib computes it.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace shade {

inline uint32_t crc32(const void* data, size_t size) {
  const uint8_t* at = static_cast<const uint8_t*>(data);
  uint32_t crc = 0xFFFFFFFF;
  while (size--) {
    crc ^= *at++;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

}  // namespace shade
