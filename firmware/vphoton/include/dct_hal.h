// The device's configuration table (DCT), read by offset. Applications include it by this name.
#pragma once

#include <stddef.h>
#include <stdint.h>

// '1' once the device was claimed; Device OS never takes it back, so not whether it has an owner now. Device OS 0.7.0
// to 3.3.1, platform/MCU/STM32F2xx/SPARK_Firmware_Driver/inc/dct.h.
#define DCT_DEVICE_CLAIMED_OFFSET (1825)

#pragma GCC visibility push(default)

extern "C" {

// 0, or negative when it could not be read.
int dct_read_app_data_copy(uint32_t offset, void* ptr, size_t size);
}

#pragma GCC visibility pop
