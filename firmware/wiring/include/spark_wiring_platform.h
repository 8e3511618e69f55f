// Which platform the firmware is compiled for: the Photon, whatever processor this build runs on.
#pragma once

#define PLATFORM_PHOTON_PRODUCTION 6
#ifndef PLATFORM_ID  // the build says it too, for files that ask before they include anything
#define PLATFORM_ID 6
#define PLATFORM_NAME photon
#define PLATFORM_THREADING 1
#endif

#define Wiring_WiFi 1
#define Wiring_Cellular 0
#define Wiring_BLE 0
#define Wiring_Ethernet 0
#define Wiring_IPv6 0
#define Wiring_NFC 0
#define Wiring_SPI1 1
#define Wiring_SPI2 0
#define Wiring_Serial2 1
#define Wiring_Serial3 0
#define Wiring_Serial4 0
#define Wiring_Serial5 0
#define Wiring_Wire1 0
#define Wiring_Wire3 0
#define Wiring_WpaEnterprise 1
