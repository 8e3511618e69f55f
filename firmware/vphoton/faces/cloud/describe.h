// The describe message: what the cloud learns about variables, functions and modules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faces/cloud/cloud_host.h"
#include "system/services/app_surface.h"

namespace vphoton::cloud {

// `flags`: kDescribeSystem, kDescribeApplication or both (application members first, except in 3.x). `system_members`
// has no braces.
std::string describe_json(uint8_t flags, const AppSurface& surface, const std::string& system_members,
                          bool system_first = false);

// Diagnostics: format header, sizes of ids and values, then the values by id.
std::string describe_metrics(const std::vector<Vital>& vitals);

}  // namespace vphoton::cloud
