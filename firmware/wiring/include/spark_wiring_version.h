// The version of Device OS the firmware is compiled for: 2.3.1, unless the build names another; and the application's.
#pragma once

#include "device_os/functions.h"

// Final releases end in 0xFF, so that they compare greater than their release candidates.
#define SYSTEM_VERSION_ALPHA(x, y, z, p) \
  ((((x) & 0xFF) << 24) | (((y) & 0xFF) << 16) | (((z) & 0xFF) << 8) | ((p) & 0x3F))
#define SYSTEM_VERSION_BETA(x, y, z, p) (SYSTEM_VERSION_ALPHA(x, y, z, p) | 0x40)
#define SYSTEM_VERSION_RC(x, y, z, p) (SYSTEM_VERSION_ALPHA(x, y, z, p) | 0x80)
#define SYSTEM_VERSION_DEFAULT(x, y, z) ((((x) & 0xFF) << 24) | (((y) & 0xFF) << 16) | (((z) & 0xFF) << 8) | 0xFF)

#define SYSTEM_VERSION_v063 0x00060300
#define SYSTEM_VERSION_v070 0x00070000
#define SYSTEM_VERSION_v100 0x01000000
#define SYSTEM_VERSION_v121 SYSTEM_VERSION_DEFAULT(1, 2, 1)
#define SYSTEM_VERSION_v144 SYSTEM_VERSION_DEFAULT(1, 4, 4)
#define SYSTEM_VERSION_v152 SYSTEM_VERSION_DEFAULT(1, 5, 2)
#define SYSTEM_VERSION_v200 SYSTEM_VERSION_DEFAULT(2, 0, 0)
#define SYSTEM_VERSION_v230 SYSTEM_VERSION_DEFAULT(2, 3, 0)
#define SYSTEM_VERSION_v231 SYSTEM_VERSION_DEFAULT(2, 3, 1)
#define SYSTEM_VERSION_v331 SYSTEM_VERSION_DEFAULT(3, 3, 1)

#ifndef SYSTEM_VERSION
#define SYSTEM_VERSION SYSTEM_VERSION_v231
#endif

struct __ApplicationProductID {
  __ApplicationProductID(product_id_t id) { spark_protocol_set_product_id(spark_protocol_instance(), id, 0, nullptr); }
};
struct __ApplicationProductVersion {
  __ApplicationProductVersion(product_firmware_version_t version) {
    spark_protocol_set_product_firmware_version(spark_protocol_instance(), version, 0, nullptr);
  }
};

// The system is told at start, and the module's suffix says it too: the linker script places the two numbers.
#define PRODUCT_ID(x)                       \
  __ApplicationProductID __appProductID(x); \
  __attribute__((section(".modinfo.product_id"), used)) uint16_t __system_product_id = (x);
#define PRODUCT_VERSION(x)                            \
  __ApplicationProductVersion __appProductVersion(x); \
  __attribute__((section(".modinfo.product_version"), used)) uint16_t __system_product_version = (x);
