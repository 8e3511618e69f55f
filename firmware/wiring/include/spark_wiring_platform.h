// Which platform the firmware is compiled for: the Photon, whatever processor this build runs on.
#pragma once

#define PLATFORM_PHOTON_PRODUCTION 6
#define PLATFORM_ID 6
#define PLATFORM_NAME photon

#define Wiring_WiFi 1
#define Wiring_Cellular 0
#define Wiring_BLE 0

#define PLATFORM_THREADING 1
