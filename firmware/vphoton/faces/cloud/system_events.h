// Events by which the cloud speaks to Device OS itself, received through its subscriptions to `particle` and `spark`.
#pragma once

#include <string>

#include "faces/cloud/cloud_host.h"

namespace vphoton::cloud {

// `data` is null when the event carries none. Unknown names are ignored.
void handle_system_event(CloudHost& host, const std::string& name, const std::string* data);

}  // namespace vphoton::cloud
