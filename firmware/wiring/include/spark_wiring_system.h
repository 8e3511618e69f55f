// System: identity, versions, resets, events, over-the-air updates.
#pragma once

#include <string.h>
#include <chrono>
#include <initializer_list>

#include "device_os/functions.h"
#include "spark_wiring_flags.h"
#include "spark_wiring_gpio.h"
#include "spark_wiring_string.h"
#include "spark_wiring_ticks.h"

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

enum WakeupReason {
  WAKEUP_REASON_NONE = 0,
  WAKEUP_REASON_PIN = 1,
  WAKEUP_REASON_RTC = 2,
  WAKEUP_REASON_PIN_OR_RTC = 3,
  WAKEUP_REASON_UNKNOWN = 4,
};

// What woke the device from a sleep that ends where it began.
class SleepResult {
 public:
  SleepResult() = default;
  SleepResult(WakeupReason reason, system_error_t error, pin_t pin = 0xFFFF)
      : reason_(reason), error_(error), pin_(pin) {}

  WakeupReason reason() const { return reason_; }
  bool wokenUpByPin() const { return reason_ == WAKEUP_REASON_PIN || reason_ == WAKEUP_REASON_PIN_OR_RTC; }
  bool wokenUpByRtc() const { return reason_ == WAKEUP_REASON_RTC || reason_ == WAKEUP_REASON_PIN_OR_RTC; }
  bool rtc() const { return wokenUpByRtc(); }
  pin_t pin() const { return pin_; }
  system_error_t error() const { return error_; }

 private:
  WakeupReason reason_ = WAKEUP_REASON_NONE;
  system_error_t error_ = SYSTEM_ERROR_NONE;
  pin_t pin_ = 0xFFFF;
};

// Of System.sleep(): how it sleeps.
struct SleepOptionFlagType;
typedef particle::Flags<SleepOptionFlagType, uint32_t> SleepOptionFlags;
typedef SleepOptionFlags::FlagType SleepOptionFlag;
constexpr SleepOptionFlag SLEEP_NETWORK_OFF(0);
constexpr SleepOptionFlag SLEEP_NETWORK_STANDBY(1);
constexpr SleepOptionFlag SLEEP_DISABLE_WKP_PIN(2);
constexpr SleepOptionFlag SLEEP_NO_WAIT(4);

// Of System.reset() and its kin.
struct SystemResetFlagType;
typedef particle::Flags<SystemResetFlagType, uint32_t> SystemResetFlags;
typedef SystemResetFlags::FlagType SystemResetFlag;
constexpr SystemResetFlag RESET_NO_WAIT(SYSTEM_RESET_FLAG_NO_WAIT);
constexpr SystemResetFlag RESET_PERSIST_DFU(SYSTEM_RESET_FLAG_PERSIST_DFU);

enum class SystemSleepWakeupReason : uint16_t {
  UNKNOWN = HAL_WAKEUP_SOURCE_TYPE_UNKNOWN,
  BY_GPIO = HAL_WAKEUP_SOURCE_TYPE_GPIO,
  BY_ADC = HAL_WAKEUP_SOURCE_TYPE_ADC,
  BY_DAC = HAL_WAKEUP_SOURCE_TYPE_DAC,
  BY_RTC = HAL_WAKEUP_SOURCE_TYPE_RTC,
  BY_LPCOMP = HAL_WAKEUP_SOURCE_TYPE_LPCOMP,
  BY_USART = HAL_WAKEUP_SOURCE_TYPE_USART,
  BY_I2C = HAL_WAKEUP_SOURCE_TYPE_I2C,
  BY_SPI = HAL_WAKEUP_SOURCE_TYPE_SPI,
  BY_TIMER = HAL_WAKEUP_SOURCE_TYPE_TIMER,
  BY_CAN = HAL_WAKEUP_SOURCE_TYPE_CAN,
  BY_USB = HAL_WAKEUP_SOURCE_TYPE_USB,
  BY_BLE = HAL_WAKEUP_SOURCE_TYPE_BLE,
  BY_NFC = HAL_WAKEUP_SOURCE_TYPE_NFC,
  BY_NETWORK = HAL_WAKEUP_SOURCE_TYPE_NETWORK,
};

namespace particle {
class SystemSleepConfiguration;
}

// What ended a sleep by a SystemSleepConfiguration.
class SystemSleepResult {
 public:
  SystemSleepResult() = default;
  SystemSleepResult(system_error_t error) : error_(error) {}
  SystemSleepResult(SleepResult plain) : error_(plain.error()), plain_(plain) {}
  SystemSleepResult(const SystemSleepResult& other);
  SystemSleepResult(SystemSleepResult&& other);
  SystemSleepResult& operator=(const SystemSleepResult& other);
  SystemSleepResult& operator=(SystemSleepResult&& other);
  ~SystemSleepResult();

  SystemSleepWakeupReason wakeupReason() const;
  pin_t wakeupPin() const;  // PIN_INVALID: it was none
  system_error_t error() const { return error_; }
  void setError(system_error_t error, bool clear = false) {
    if (clear || error_ == SYSTEM_ERROR_NONE) error_ = error;
  }
  hal_wakeup_source_base_t** halWakeupSource() { return &source_; }  // for the system, which allocates it
  SleepResult toSleepResult();
  operator SleepResult() { return toSleepResult(); }

 private:
  hal_wakeup_source_base_t* source_ = nullptr;
  system_error_t error_ = SYSTEM_ERROR_NONE;
  SleepResult plain_;
};

class SystemClass {
 public:
  SystemClass() = default;
  SystemClass(System_Mode_TypeDef mode) { set_system_mode(mode); }

  static System_Mode_TypeDef mode() { return system_mode(); }
  static String deviceID() { return spark_deviceID(); }  // 24 lower-case hexadecimal digits
  String version();
  uint32_t versionNumber();
  static uint32_t freeMemory();
  static unsigned uptime() { return static_cast<unsigned>(hal_timer_millis(nullptr) / 1000); }  // seconds since start
  static uint64_t millis() { return hal_timer_millis(nullptr); }                                // does not wrap
  // Cycles of the processor, 120 a microsecond; wraps.
  static uint32_t ticks() { return *reinterpret_cast<volatile uint32_t*>(0xE0001004); }
  static uint32_t ticksPerMicrosecond() { return 120; }
  static void ticksDelay(uint32_t duration) {
    const uint32_t started = ticks();
    while (ticks() - started < duration) continue;
  }

  static void reset() { reset(0); }
  static void reset(SystemResetFlags flags) { reset(0, flags); }
  static void reset(uint32_t data, SystemResetFlags flags = SystemResetFlags()) {
    restart(SYSTEM_RESET_MODE_NORMAL, RESET_REASON_USER, data, flags);
  }
  static void enterSafeMode(SystemResetFlags flags = SystemResetFlags()) {
    restart(SYSTEM_RESET_MODE_SAFE, 0, 0, flags);
  }
  static void dfu(SystemResetFlags flags = SystemResetFlags()) { restart(SYSTEM_RESET_MODE_DFU, 0, 0, flags); }
  static void dfu(bool persist) { dfu(persist ? SystemResetFlags(RESET_PERSIST_DFU) : SystemResetFlags()); }
  // Restores the factory image, if a valid one is there.
  static void factoryReset(SystemResetFlags flags = SystemResetFlags()) {
    restart(SYSTEM_RESET_MODE_FACTORY, 0, 0, flags);
  }

  // Milliseconds SETUP has been held; 0: it is not.
  static uint16_t buttonPushed(uint8_t button = 0) { return system_button_pushed_duration(button, nullptr); }
  // Shows the button on a pin.
  void buttonMirror(pin_t pin, InterruptMode mode, bool bootloader = false) const {
    HAL_Core_Button_Mirror_Pin(pin, mode, bootloader, 0, nullptr);
  }
  void disableButtonMirror(bool bootloader = true) const { HAL_Core_Button_Mirror_Pin_Disable(bootloader, 0, nullptr); }

  static SystemSleepResult sleep(const particle::SystemSleepConfiguration& config);
  static SleepResult sleep(Spark_Sleep_TypeDef mode, long seconds = 0, SleepOptionFlags flags = SleepOptionFlags());
  static SleepResult sleep(Spark_Sleep_TypeDef mode, std::chrono::seconds time,
                           SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(mode, static_cast<long>(time.count()), flags);
  }
  static SleepResult sleep(Spark_Sleep_TypeDef mode, SleepOptionFlags flags, long seconds = 0) {
    return sleep(mode, seconds, flags);
  }
  static SleepResult sleep(Spark_Sleep_TypeDef mode, SleepOptionFlags flags, std::chrono::seconds time) {
    return sleep(mode, time, flags);
  }
  static SleepResult sleep(long seconds) { return sleep(SLEEP_MODE_WLAN, seconds); }
  static SleepResult sleep(std::chrono::seconds time) { return sleep(static_cast<long>(time.count())); }

  // Everything stands still until a pin changes, or the time is over (0: no limit); then the application goes on. Each
  // pin has an edge of its own, or all have one.
  static SleepResult sleep(pin_t pin, InterruptMode edge, long seconds = 0,
                           SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(&pin, 1, edge, seconds, flags);
  }
  static SleepResult sleep(pin_t pin, InterruptMode edge, std::chrono::seconds time,
                           SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(pin, edge, static_cast<long>(time.count()), flags);
  }
  static SleepResult sleep(pin_t pin, InterruptMode edge, SleepOptionFlags flags, long seconds = 0) {
    return sleep(pin, edge, seconds, flags);
  }
  static SleepResult sleep(pin_t pin, InterruptMode edge, SleepOptionFlags flags, std::chrono::seconds time) {
    return sleep(pin, edge, time, flags);
  }
  static SleepResult sleep(const pin_t* pins, size_t count, InterruptMode edge, long seconds = 0,
                           SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(pins, count, &edge, 1, seconds, flags);
  }
  static SleepResult sleep(const pin_t* pins, size_t count, InterruptMode edge, std::chrono::seconds time,
                           SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(pins, count, edge, static_cast<long>(time.count()), flags);
  }
  static SleepResult sleep(const pin_t* pins, size_t count, const InterruptMode* edges, size_t edge_count,
                           long seconds = 0, SleepOptionFlags flags = SleepOptionFlags());
  static SleepResult sleep(const pin_t* pins, size_t count, const InterruptMode* edges, size_t edge_count,
                           std::chrono::seconds time, SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(pins, count, edges, edge_count, static_cast<long>(time.count()), flags);
  }
  static SleepResult sleep(std::initializer_list<pin_t> pins, InterruptMode edge, long seconds = 0,
                           SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(pins.begin(), pins.size(), edge, seconds, flags);
  }
  static SleepResult sleep(std::initializer_list<pin_t> pins, InterruptMode edge, std::chrono::seconds time,
                           SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(pins, edge, static_cast<long>(time.count()), flags);
  }
  static SleepResult sleep(std::initializer_list<pin_t> pins, std::initializer_list<InterruptMode> edges,
                           long seconds = 0, SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(pins.begin(), pins.size(), edges.begin(), edges.size(), seconds, flags);
  }
  static SleepResult sleep(std::initializer_list<pin_t> pins, std::initializer_list<InterruptMode> edges,
                           std::chrono::seconds time, SleepOptionFlags flags = SleepOptionFlags()) {
    return sleep(pins, edges, static_cast<long>(time.count()), flags);
  }
  SleepResult sleepResult();
  WakeupReason wakeUpReason() { return sleepResult().reason(); }
  bool wokenUpByPin() { return sleepResult().wokenUpByPin(); }
  bool wokenUpByRtc() { return sleepResult().wokenUpByRtc(); }
  pin_t wakeUpPin() { return sleepResult().pin(); }
  system_error_t sleepError() { return sleepResult().error(); }

  void enable(system_flag_t flag) { system_set_flag(flag, 1, nullptr); }
  void disable(system_flag_t flag) { system_set_flag(flag, 0, nullptr); }
  bool enabled(system_flag_t flag) const {
    uint8_t value = 0;
    system_get_flag(flag, &value, nullptr);
    return value != 0;
  }

  // Needs FEATURE_RESET_INFO.
  int resetReason() const {
    int reason = RESET_REASON_NONE;
    HAL_Core_Get_Last_Reset_Info(&reason, nullptr, nullptr);
    return reason;
  }
  uint32_t resetReasonData() const {
    uint32_t data = 0;
    HAL_Core_Get_Last_Reset_Info(nullptr, &data, nullptr);
    return data;
  }
  // 0 when done.
  int enableFeature(HAL_Feature feature) { return HAL_Feature_Set(feature, true); }
  int disableFeature(HAL_Feature feature) { return HAL_Feature_Set(feature, false); }
  bool featureEnabled(HAL_Feature feature);
  bool set(hal_system_config_t item, const void* data, unsigned length) {
    return HAL_Set_System_Config(item, data, length) >= 0;
  }
  bool set(hal_system_config_t item, const char* text) { return set(item, text, strlen(text)); }

  uint8_t updatesEnabled() { return enabled(SYSTEM_FLAG_OTA_UPDATE_ENABLED); }
  uint8_t updatesPending() { return enabled(SYSTEM_FLAG_OTA_UPDATE_PENDING); }
  uint8_t updatesForced() { return enabled(SYSTEM_FLAG_OTA_UPDATE_FORCED); }
  void enableUpdates() { enable(SYSTEM_FLAG_OTA_UPDATE_ENABLED); }
  void disableUpdates() { disable(SYSTEM_FLAG_OTA_UPDATE_ENABLED); }
  uint8_t resetEnabled() { return enabled(SYSTEM_FLAG_RESET_ENABLED); }
  uint8_t resetPending() { return enabled(SYSTEM_FLAG_RESET_PENDING); }
  void enableReset() { enable(SYSTEM_FLAG_RESET_ENABLED); }
  void disableReset() { disable(SYSTEM_FLAG_RESET_ENABLED); }

  // As in Device OS 2.3.1 the form with three parameters returns true on success, the shorter ones return false. All
  // are called with three arguments, of which a function takes what it declares.
  static bool on(system_event_t events, void (*handler)(system_event_t event, int param, void* data)) {
    return system_subscribe_event(events, handler, nullptr) == 0;
  }
  static bool on(system_event_t events, void (*handler)(system_event_t event, int param)) {
    return system_subscribe_event(events, taken(handler), nullptr);
  }
  static bool on(system_event_t events, void (*handler)(system_event_t event)) {
    return system_subscribe_event(events, taken(handler), nullptr);
  }
  static bool on(system_event_t events, void (*handler)()) {
    return system_subscribe_event(events, taken(handler), nullptr);
  }
  static void off(system_event_t events, void (*handler)(system_event_t event, int param, void* data)) {
    system_unsubscribe_event(events, handler, nullptr);
  }
  static void off(void (*handler)(system_event_t event, int param, void* data)) { off(all_events, handler); }

  // Keeps the system running until `condition` holds; false after `timeout` milliseconds.
  template <typename Condition>
  static bool waitCondition(Condition condition, system_tick_t timeout) {
    const system_tick_t started = HAL_Timer_Get_Milli_Seconds();
    return waitConditionWhile(condition, [=] { return HAL_Timer_Get_Milli_Seconds() - started < timeout; });
  }
  template <typename Condition>
  static bool waitCondition(Condition condition) {
    return waitConditionWhile(condition, [] { return true; });
  }
  template <typename Condition, typename While>
  static bool waitConditionWhile(Condition condition, While goes_on) {
    while (goes_on() && !condition()) spark_process();
    return condition();
  }

 private:
  template <typename Handler>
  static system_event_handler_t* taken(Handler handler) {
    return reinterpret_cast<system_event_handler_t*>(reinterpret_cast<void (*)()>(handler));
  }
  static void restart(unsigned mode, unsigned reason, unsigned data, SystemResetFlags flags) {
    system_reset(mode, reason, data, flags.value(), nullptr);
  }

  static SleepResult last_sleep_;
};

extern SystemClass System;

#define waitFor(condition, timeout) System.waitCondition([] { return (condition)(); }, (timeout))
#define waitForNot(condition, timeout) System.waitCondition([] { return !(condition)(); }, (timeout))
#define waitUntilNot(condition) System.waitCondition([] { return !(condition)(); })
#define waitUntil(condition) System.waitCondition([] { return (condition)(); })
