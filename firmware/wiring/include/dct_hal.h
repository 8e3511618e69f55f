// The device's configuration table (DCT), read by offset. Applications include it by this name.
#pragma once

#include "device_os/functions.h"

// '1' once the device was claimed; Device OS never takes it back, so not whether it has an owner now. Device OS 0.7.0
// to 3.3.1, platform/MCU/STM32F2xx/SPARK_Firmware_Driver/inc/dct.h.
#define DCT_DEVICE_CLAIMED_OFFSET (1825)
