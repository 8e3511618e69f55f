// Flash as applications see it: their module, and the tables of the system.
#pragma once

#include <cstdint>
#include <memory>

#include "machine/flash.h"
#include "system/stored/module_image.h"

namespace vphoton::system {

// Devices that run the same module share one, for as long as one of them does. Host calls begin at `host_calls`.
std::shared_ptr<machine::Flash> flash_with(const ModuleImage& image, uint32_t host_calls);

}  // namespace vphoton::system
