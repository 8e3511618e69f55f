// Bits of System.on() and their parameters (Device OS 2.3.1).
#pragma once

#include <cstdint>

namespace vphoton::system_event {

constexpr uint64_t kSetupBegin = 0x2;
constexpr uint64_t kSetupUpdate = 0x4;
constexpr uint64_t kSetupEnd = 0x8;
constexpr uint64_t kNetworkCredentials = 0x10;
constexpr uint64_t kNetworkStatus = 0x20;
constexpr uint64_t kCloudStatus = 0x40;
constexpr uint64_t kButtonStatus = 0x80;
constexpr uint64_t kFirmwareUpdate = 0x100;
constexpr uint64_t kFirmwareUpdatePending = 0x200;
constexpr uint64_t kResetPending = 0x400;
constexpr uint64_t kReset = 0x800;
constexpr uint64_t kButtonClick = 0x1000;
constexpr uint64_t kButtonFinalClick = 0x2000;
constexpr uint64_t kTimeChanged = 0x4000;

constexpr int kCredentialsAdded = 1;
constexpr int kCredentialsCleared = 2;
constexpr int kNetworkPoweringOff = 2;
constexpr int kNetworkOff = 3;
constexpr int kNetworkPoweringOn = 4;
constexpr int kNetworkOn = 5;
constexpr int kNetworkConnecting = 6;
constexpr int kNetworkConnected = 7;
constexpr int kNetworkDisconnected = 11;
constexpr int kCloudDisconnected = 0;
constexpr int kCloudConnecting = 1;
constexpr int kCloudHandshake = 2;
constexpr int kCloudConnected = 8;
constexpr int kUpdateBegin = 0;
constexpr int kUpdateComplete = 1;
constexpr int kUpdateProgress = 2;
constexpr int kUpdateFailed = -1;
constexpr int kTimeManual = 0;
constexpr int kTimeSync = 1;

}  // namespace vphoton::system_event
