// Bootloader and system parts. The code that plays their role is the virtual Photon's own, whatever is flashed; what is
// flashed tells which Device OS it plays.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "board/flash_device.h"
#include "system/stored/module_image.h"

namespace vphoton {

// Those that were flashed since the factory, with or without flaws; a region that holds anything else counts as erased.
std::vector<ModuleImage> read_system_modules(const FlashDevice& flash);
// The number of both system parts, if they are free of flaws and agree on it.
std::optional<uint16_t> system_module_version(const std::vector<ModuleImage>& flashed);

}  // namespace vphoton
