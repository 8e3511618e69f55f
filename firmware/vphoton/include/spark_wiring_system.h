// System: identity, versions, resets, events, over-the-air updates.
#pragma once

#include <stdint.h>

#include <functional>

#include "spark_wiring_string.h"

typedef uint64_t system_event_t;

// Device OS 2.3.1. `param` of the handler as noted.
enum SystemEvents : uint64_t {
  setup_begin = 0x2,           // listening mode entered
  setup_update = 0x4,          // once a second while listening
  setup_end = 0x8,             // listening mode left
  network_credentials = 0x10,  // 1 added, 2 cleared
  cloud_status = 0x40,         // cloud_status_*
  button_status = 0x80,        // 0 pressed, else milliseconds it was held
  firmware_update = 0x100,
  firmware_update_pending = 0x200,
  reset = 0x800,
  button_click = 0x1000,
  button_final_click = 0x2000,
  time_changed = 0x4000,
  all_events = 0xFFFFFFFFFFFFFFFFull,
};

enum SystemEventsParam {
  cloud_status_disconnected = 0,
  cloud_status_connecting = 1,
  cloud_status_handshake = 2,
  cloud_status_connected = 8,
  cloud_status_disconnecting = 9,

  firmware_update_failed = -1,
  firmware_update_begin = 0,
  firmware_update_complete = 1,
  firmware_update_progress = 2,

  time_changed_manually = 0,
  time_changed_sync = 1,
};

enum System_Reset_Reason {
  RESET_REASON_NONE = 0,
  RESET_REASON_UNKNOWN = 10,
  RESET_REASON_PIN_RESET = 20,
  RESET_REASON_POWER_MANAGEMENT = 30,
  RESET_REASON_POWER_DOWN = 40,
  RESET_REASON_POWER_BROWNOUT = 50,
  RESET_REASON_WATCHDOG = 60,
  RESET_REASON_UPDATE = 70,
  RESET_REASON_UPDATE_ERROR = 80,
  RESET_REASON_UPDATE_TIMEOUT = 90,
  RESET_REASON_FACTORY_RESET = 100,
  RESET_REASON_SAFE_MODE = 110,
  RESET_REASON_DFU_MODE = 120,
  RESET_REASON_PANIC = 130,
  RESET_REASON_USER = 140,
};

// Device OS 2.3.1, SoftAP settings.
enum hal_system_config_t {
  SYSTEM_CONFIG_SOFTAP_PREFIX = 3,
  SYSTEM_CONFIG_SOFTAP_SUFFIX = 4,
  SYSTEM_CONFIG_SOFTAP_HOSTNAMES = 5,
};

enum HAL_Feature {
  FEATURE_RETAINED_MEMORY = 1,
  FEATURE_RESET_INFO = 4,
};

class SystemClass {
 public:
  static String deviceID();  // 24 lower-case hexadecimal digits
  static String version();
  static uint32_t versionNumber();
  static uint32_t freeMemory();
  static unsigned uptime();  // seconds since start
  static uint64_t millis();  // does not wrap

  static void reset();
  static void reset(uint32_t data);
  static void enterSafeMode();
  static void dfu(bool persist = false);

  // Needs FEATURE_RESET_INFO.
  static int resetReason();
  static uint32_t resetReasonData();
  static bool enableFeature(HAL_Feature feature);
  static bool set(hal_system_config_t item, const char* text);

  static bool updatesEnabled();
  static bool updatesPending();
  static void enableUpdates();
  static void disableUpdates();

  // As in Device OS 2.3.1 the form with three parameters returns true on success, the shorter ones return false.
  static bool on(system_event_t events, void (*handler)(system_event_t event, int param, void* data));
  static bool on(system_event_t events, void (*handler)(system_event_t event, int param));
  static bool on(system_event_t events, void (*handler)(system_event_t event));
  static bool on(system_event_t events, void (*handler)());

  // Keeps the system running until `condition` holds; false after `timeout` milliseconds.
  static bool waitCondition(std::function<bool()> condition, uint32_t timeout);
  static bool waitCondition(std::function<bool()> condition);
};

extern SystemClass System;

#define waitFor(condition, timeout) System.waitCondition([]() { return (condition)(); }, (timeout))
#define waitUntil(condition) System.waitCondition([]() { return (condition)(); })
