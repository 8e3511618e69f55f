// The describe message: what the cloud learns about variables, functions and modules.
#pragma once

#include <string>

#include "core/app_surface.h"

namespace vphoton::cloud {

// `flags`: kDescribeSystem, kDescribeApplication or both (application members first, except in 3.x). `system_members`
// has no braces.
std::string describe_json(uint8_t flags, const AppSurface& surface, const std::string& system_members,
                          bool system_first = false);

// Diagnostics without a single entry: format header, then the sizes of ids and values.
std::string describe_metrics();

}  // namespace vphoton::cloud
