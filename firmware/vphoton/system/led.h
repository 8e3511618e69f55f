// Signals on the RGB LED that the application changes in its own memory.
#pragma once

#include "system/application.h"

namespace vphoton::system {

// As they are now.
void show_led_statuses(Application& app);

}  // namespace vphoton::system
