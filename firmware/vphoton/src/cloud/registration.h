// Registers what the application offers to the cloud, within the limits of its Device OS.
#pragma once

#include "core/app_surface.h"

namespace vphoton::cloud {

// False: the name is empty or too long, or the description of the application would not fit any more. A second one of
// the same name takes the place of the first.
bool add_variable(Variable variable);
bool add_function(Function function);
// False: the prefix is too long, or there are as many as Device OS takes.
bool add_subscription(Subscription subscription);
void remove_subscriptions();

}  // namespace vphoton::cloud
