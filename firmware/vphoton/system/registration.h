// Registers what the application offers to the cloud, within the limits of its Device OS.
#pragma once

#include "system/device.h"

namespace vphoton::cloud {

// False: the name is empty or too long, or the description of the application would not fit any more. A second one of
// the same name takes the place of the first.
bool add_variable(Device& device, Variable variable);
bool add_function(Device& device, Function function);
// False: the prefix is too long, or there are as many as Device OS takes.
bool add_subscription(Device& device, Subscription subscription);
void remove_subscriptions(Device& device);

}  // namespace vphoton::cloud
