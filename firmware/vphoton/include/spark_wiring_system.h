// System: identity, versions, resets, events, over-the-air updates.
#pragma once

#include <stdint.h>

#include <functional>

#include "spark_wiring_interrupts.h"
#include "spark_wiring_string.h"

typedef uint64_t system_event_t;

// Device OS 2.3.1. `param` of the handler as noted.
enum SystemEvents : uint64_t {
  setup_begin = 0x2,           // listening mode entered
  setup_update = 0x4,          // once a second while listening
  setup_end = 0x8,             // listening mode left
  network_credentials = 0x10,  // 1 added, 2 cleared
  network_status = 0x20,       // network_status_*
  cloud_status = 0x40,         // cloud_status_*
  button_status = 0x80,        // 0 pressed, else milliseconds it was held
  firmware_update = 0x100,
  firmware_update_pending = 0x200,
  reset_pending = 0x400,
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

  // Disconnecting takes no time here and is never told.
  network_status_powering_off = 2,
  network_status_off = 3,
  network_status_powering_on = 4,
  network_status_on = 5,
  network_status_connecting = 6,
  network_status_connected = 7,
  network_status_disconnecting = 10,
  network_status_disconnected = 11,

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

// How the device sleeps. In any mode SoftAP, serial and cloud are dead meanwhile.
enum Spark_Sleep_TypeDef {
  SLEEP_MODE_WLAN = 0,  // only Wi-Fi is off; the application goes on
  SLEEP_MODE_DEEP = 1,  // until the time is over or WKP rises; then the device starts anew
};

enum system_error_t { SYSTEM_ERROR_NONE = 0 };

// What woke the device from a sleep that ends where it began.
class SleepResult {
 public:
  SleepResult() = default;
  bool wokenUpByPin() const { return by_pin_; }
  bool wokenUpByRtc() const { return by_time_; }
  uint16_t pin() const { return pin_; }
  system_error_t error() const { return SYSTEM_ERROR_NONE; }

 private:
  friend class SystemClass;
  SleepResult(bool by_pin, uint16_t pin) : by_pin_(by_pin), by_time_(!by_pin), pin_(pin) {}

  bool by_pin_ = false;
  bool by_time_ = false;
  uint16_t pin_ = 0xFFFF;
};

// What Device OS 2.3.1 calls system flags. Here they can be set and read and change nothing; the first use says so.
enum system_flag_t {
  SYSTEM_FLAG_OTA_UPDATE_PENDING,
  SYSTEM_FLAG_OTA_UPDATE_ENABLED,
  SYSTEM_FLAG_RESET_PENDING,
  SYSTEM_FLAG_RESET_ENABLED,
  SYSTEM_FLAG_STARTUP_LISTEN_MODE,
  SYSTEM_FLAG_WIFITESTER_OVER_SERIAL1,
  SYSTEM_FLAG_PUBLISH_RESET_INFO,
  SYSTEM_FLAG_RESET_NETWORK_ON_CLOUD_ERRORS,
};

class SystemClass {
 public:
  static String deviceID();  // 24 lower-case hexadecimal digits
  String version();
  uint32_t versionNumber();
  static uint32_t freeMemory();
  static unsigned uptime();  // seconds since start
  static uint64_t millis();  // does not wrap
  // Cycles of the processor, 120 a microsecond; wraps.
  static uint32_t ticks();
  static uint32_t ticksPerMicrosecond() { return 120; }
  static void ticksDelay(uint32_t ticks);

  static void reset();
  static void reset(uint32_t data);
  static void enterSafeMode();
  static void dfu(bool persist = false);
  static void factoryReset();  // restores the factory image, if there is a valid one

  static uint16_t buttonPushed();  // milliseconds SETUP has been held; 0: it is not

  static SleepResult sleep(Spark_Sleep_TypeDef mode, long seconds);
  static SleepResult sleep(long seconds) { return sleep(SLEEP_MODE_WLAN, seconds); }
  // Everything stands still until the pin changes, or the time is over (0: no limit); then the application goes on.
  static SleepResult sleep(pin_t wake_pin, InterruptMode edge, long seconds = 0);
  SleepResult sleepResult();

  void enable(system_flag_t flag);
  void disable(system_flag_t flag);

  // Needs FEATURE_RESET_INFO.
  int resetReason() const;
  uint32_t resetReasonData() const;
  int enableFeature(HAL_Feature feature);  // 0, as in Device OS 2.3.1
  bool set(hal_system_config_t item, const char* text);
  bool set(hal_system_config_t item, const void* data, unsigned length);

  uint8_t updatesEnabled();
  uint8_t updatesPending();
  uint8_t updatesForced();
  void enableUpdates();
  void disableUpdates();

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
#define waitForNot(condition, timeout) System.waitCondition([]() { return !(condition)(); }, (timeout))
#define waitUntilNot(condition) System.waitCondition([]() { return !(condition)(); })
#define waitUntil(condition) System.waitCondition([]() { return (condition)(); })
