// CRC-32 as zlib computes it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vphoton {

uint32_t crc32(const void* data, size_t size);

}  // namespace vphoton
