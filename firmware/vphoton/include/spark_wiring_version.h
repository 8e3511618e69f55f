// The version of Device OS the firmware is compiled for: 2.3.1, unless the build names another.
#pragma once

// Final releases end in 0xFF, so that they compare greater than their release candidates.
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
