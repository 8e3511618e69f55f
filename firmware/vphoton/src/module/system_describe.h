// The system part of a device's describe: which modules it carries.
#pragma once

#include <string>

#include "module/module_image.h"

namespace vphoton {

// Members without braces, as Device OS 2.3.1 has them; `user_part` is null when the slot is empty, `system_version` is
// the number of both system parts.
std::string system_describe(const ModuleImage* user_part, uint16_t system_version = 2302);

}  // namespace vphoton
