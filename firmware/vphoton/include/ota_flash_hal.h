// Of the hardware layer's provisioning functions, what an application has use for.
#pragma once

extern "C" {

// Whether the cloud has told the device that it belongs to somebody. `reserved` is null.
bool HAL_IsDeviceClaimed(void* reserved);
}
