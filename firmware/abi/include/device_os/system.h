// Modes, events, flags and versions of the system. Device OS 2.3.1, system_mode.h, system_event.h, system_update.h,
// system_sleep.h, system_version.h, system_control.h, core_hal.h.
#pragma once

#include "layout.h"

enum System_Mode_TypeDef { DEFAULT = 0, AUTOMATIC = 1, SEMI_AUTOMATIC = 2, MANUAL = 3, SAFE_MODE = 4 };
ABI_SIZE(System_Mode_TypeDef, 1);

namespace spark {
namespace feature {
enum State { DISABLED = 0, ENABLED = 1 };
}  // namespace feature
}  // namespace spark
ABI_SIZE(spark::feature::State, 1);

typedef uint64_t system_event_t;
typedef void(system_event_handler_t)(system_event_t event, int param, void* data);

enum system_flag_t {
  SYSTEM_FLAG_OTA_UPDATE_PENDING,
  SYSTEM_FLAG_OTA_UPDATE_ENABLED,
  SYSTEM_FLAG_RESET_PENDING,
  SYSTEM_FLAG_RESET_ENABLED,
  SYSTEM_FLAG_STARTUP_LISTEN_MODE,
  SYSTEM_FLAG_WIFITESTER_OVER_SERIAL1,
  SYSTEM_FLAG_PUBLISH_RESET_INFO,
  SYSTEM_FLAG_RESET_NETWORK_ON_CLOUD_ERRORS,
  SYSTEM_FLAG_PM_DETECTION,
  SYSTEM_FLAG_OTA_UPDATE_FORCED,
};
ABI_SIZE(system_flag_t, 1);

enum system_reset_mode {
  SYSTEM_RESET_MODE_NORMAL = 1,
  SYSTEM_RESET_MODE_DFU = 2,
  SYSTEM_RESET_MODE_SAFE = 3,
  SYSTEM_RESET_MODE_FACTORY = 4,
};
enum system_reset_flag { SYSTEM_RESET_FLAG_NO_WAIT = 1, SYSTEM_RESET_FLAG_PERSIST_DFU = 2 };

struct SystemVersionInfo {
  uint16_t size;
  uint16_t reserved;
  uint32_t versionNumber;
  char versionString[20];
};
ABI_FIELD(SystemVersionInfo, versionString, 8);
ABI_SIZE(SystemVersionInfo, 28);

// How the device sleeps.
enum Spark_Sleep_TypeDef {
  SLEEP_MODE_WLAN = 0,  // only Wi-Fi is off; the application goes on
  SLEEP_MODE_DEEP = 1,  // until the time is over or WKP rises; then the device starts anew
};
ABI_SIZE(Spark_Sleep_TypeDef, 1);

struct runtime_info_t {
  uint16_t size;
  uint16_t flags;
  uint32_t freeheap;
  uint32_t system_version;
  uint32_t total_init_heap;
  uint32_t total_heap;
  uint32_t max_used_heap;
  uint32_t user_static_ram;
  uint32_t largest_free_block_heap;
};
ABI_FIELD(runtime_info_t, freeheap, 4);
ABI_SIZE(runtime_info_t, 32);

enum hal_system_config_t {
  SYSTEM_CONFIG_NONE,
  SYSTEM_CONFIG_DEVICE_KEY,
  SYSTEM_CONFIG_SERVER_KEY,
  SYSTEM_CONFIG_SOFTAP_PREFIX,
  SYSTEM_CONFIG_SOFTAP_SUFFIX,
  SYSTEM_CONFIG_SOFTAP_HOSTNAMES,
  SYSTEM_CONFIG_SERVER_ADDRESS,
};
ABI_SIZE(hal_system_config_t, 1);

enum HAL_Feature {
  FEATURE_RETAINED_MEMORY = 1,
  FEATURE_WARM_START,
  FEATURE_CLOUD_UDP,
  FEATURE_RESET_INFO,
  FEATURE_WIFI_POWERSAVE_CLOCK,
  FEATURE_ETHERNET_DETECTION,
  FEATURE_LED_OVERRIDDEN,
};
ABI_SIZE(HAL_Feature, 1);

// A request that came over USB for the application.
struct ctrl_request {
  uint16_t size;
  uint16_t type;
  char* request_data;
  size_t request_size;
  char* reply_data;
  size_t reply_size;
  void* channel;
};
ABI_FIELD(ctrl_request, reply_data, 12);
ABI_SIZE(ctrl_request, 24);
typedef void (*ctrl_request_handler_fn)(ctrl_request* request);
typedef void (*ctrl_completion_handler_fn)(int result, void* data);

// What blinks when the application cannot go on.
enum ePanicCode { PanicExit = 7, PanicOutOfHeap = 8, PanicAssertionFailure = 10, PanicPureVirtualCall = 12 };
ABI_SIZE(ePanicCode, 1);

// Results, as far as Wiring tells them apart. Device OS 2.3.1, system_error.h.
enum system_error_t {
  SYSTEM_ERROR_NONE = 0,
  SYSTEM_ERROR_UNKNOWN = -100,
  SYSTEM_ERROR_NOT_SUPPORTED = -120,
  SYSTEM_ERROR_INVALID_STATE = -210,
  SYSTEM_ERROR_INVALID_ARGUMENT = -270,
  SYSTEM_ERROR_NO_MEMORY = -260,
};
ABI_SIZE(system_error_t, 2);
