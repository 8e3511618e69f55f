// Modules for tests, with or without a flaw.
#pragma once

#include <cstdint>
#include <string>

#include "base/crc32.h"
#include "system/stored/module_image.h"

namespace vphoton::test {

struct ModuleRecipe {
  uint32_t start = kUserPartAddress;
  uint16_t version = 6;
  uint16_t platform = kPhotonPlatform;
  uint8_t function = 5;
  uint8_t index = 1;
  uint16_t needed_version = 207;
  uint16_t product_id = 20001;
  uint16_t product_version = 7;
  uint32_t end_shift = 0;  // added to the end address
  bool vectors = false;    // begins with a vector table
  std::string payload = "payload.";
};

inline void put(std::string& out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

inline std::string build_module(const ModuleRecipe& recipe = {}) {
  std::string image;
  if (recipe.vectors) put(image, 0x20020000, 4);
  image.resize(recipe.vectors ? 0x184 : 0, '\0');
  size_t size = image.size() + kModulePrefixSize + recipe.payload.size() + kModuleSuffixSize;
  put(image, recipe.start, 4);
  put(image, recipe.start + size - 4 + recipe.end_shift, 4);
  put(image, 0, 2);
  put(image, recipe.version, 2);
  put(image, recipe.platform, 2);
  put(image, recipe.function, 1);
  put(image, recipe.index, 1);
  put(image, 4, 1);
  put(image, 2, 1);
  put(image, recipe.needed_version, 2);
  put(image, 0, 4);
  image += recipe.payload;
  put(image, recipe.product_id, 2);
  put(image, recipe.product_version, 2);
  put(image, 0, 2);
  image += std::string(32, '\x5A');
  put(image, 40, 2);
  uint32_t crc = crc32(image.data(), image.size());
  for (int shift = 24; shift >= 0; shift -= 8) image += static_cast<char>(crc >> shift & 0xFF);
  return image;
}

}  // namespace vphoton::test
