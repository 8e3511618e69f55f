// The describe message: what the cloud learns about variables, functions and modules.
#pragma once

#include <cstdint>
#include <string>

#include "core/app_surface.h"

namespace vphoton::cloud {

// `flags`: kDescribeSystem, kDescribeApplication or both (application members first, except in 3.x). `system_members`
// has no braces.
std::string describe_json(uint8_t flags, const AppSurface& surface, const std::string& system_members,
                          bool system_first = false);

// Diagnostics: format header, sizes of ids and values, then what is true of a virtual Photon too, its uptime and that
// it is connected.
std::string describe_metrics(uint32_t uptime_s);

}  // namespace vphoton::cloud
