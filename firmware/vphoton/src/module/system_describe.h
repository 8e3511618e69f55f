// The system part of a device's describe: which modules it carries.
#pragma once

#include <string>

#include "module/module_image.h"

namespace vphoton {

// Members without braces, as Device OS 2.3.1 has them; `user_part` is null when the slot is empty.
std::string system_describe(const ModuleImage* user_part);

}  // namespace vphoton
