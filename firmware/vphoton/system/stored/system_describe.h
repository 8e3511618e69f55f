// The system part of a device's describe: which modules it carries.
#pragma once

#include <string>
#include <vector>

#include "system/stored/module_image.h"

namespace vphoton {

// Members without braces, as Device OS 2.3.1 has them; `user_part` and `factory_image` are null when the slot is
// empty, `system_version` is the number of both system parts. Of bootloader and system parts, those `flashed` are told
// of as they are, the others as the factory left them.
std::string system_describe(const ModuleImage* user_part, uint16_t system_version = 2302,
                            const std::vector<ModuleImage>& flashed = {}, const ModuleImage* factory_image = nullptr);

}  // namespace vphoton
