// System.
#include <string>

#include "core/device.h"
#include "wiring/not_modelled.h"

#include "application.h"
#include "dct_hal.h"

using vphoton::device;
using vphoton::ResetReason;

SystemClass System;

String SystemClass::deviceID() { return String(device().device_id().c_str()); }
String SystemClass::version() { return String(device().system_version().c_str()); }
uint32_t SystemClass::versionNumber() { return device().system_version_number(); }
uint32_t SystemClass::freeMemory() { return device().free_memory(); }

uint64_t SystemClass::millis() {
  static uint32_t last = 0;
  static uint64_t wraps = 0;
  uint32_t now = device().millis();
  if (now < last) wraps += 1ull << 32;
  last = now;
  return wraps + now;
}

unsigned SystemClass::uptime() { return static_cast<unsigned>(millis() / 1000); }

void SystemClass::reset() { reset(0); }
void SystemClass::reset(uint32_t data) { device().reset(ResetReason::User, data); }
void SystemClass::enterSafeMode() { device().reset(ResetReason::SafeMode, 0); }
uint32_t SystemClass::ticks() { return device().micros() * ticksPerMicrosecond(); }

void SystemClass::ticksDelay(uint32_t ticks) {
  uint32_t started = SystemClass::ticks();
  while (SystemClass::ticks() - started < ticks) continue;
}

void SystemClass::factoryReset() { device().reset(ResetReason::FactoryReset, 0); }
uint16_t SystemClass::buttonPushed() { return static_cast<uint16_t>(min(device().setup_button_ms(), 0xFFFF)); }

void SystemClass::dfu(bool) { device().reset(ResetReason::DfuMode, 0); }

int SystemClass::resetReason() const { return static_cast<int>(device().reset_reason()); }
uint32_t SystemClass::resetReasonData() const { return device().reset_reason_data(); }

int SystemClass::enableFeature(HAL_Feature feature) {
  device().enable_feature(feature);
  return 0;
}

bool SystemClass::set(hal_system_config_t item, const char* text) {
  return device().set_config(item, text ? text : "") == 0;
}

bool SystemClass::set(hal_system_config_t item, const void* data, unsigned length) {
  return device().set_config(item, std::string(static_cast<const char*>(data), length)) == 0;
}

namespace {

SleepResult last_sleep;

}  // namespace

SleepResult SystemClass::sleep(Spark_Sleep_TypeDef mode, long seconds) {
  uint32_t ms = static_cast<uint32_t>(max(seconds, 0L)) * 1000;
  if (mode == SLEEP_MODE_DEEP) device().sleep_deep(ms);
  device().sleep_wifi(ms);
  return SleepResult();
}

SleepResult SystemClass::sleep(pin_t wake_pin, InterruptMode edge, long seconds) {
  vphoton::Wake wake =
      device().sleep_until(static_cast<int>(wake_pin), edge + 1, static_cast<uint32_t>(max(seconds, 0L)) * 1000);
  return last_sleep = SleepResult(wake.by_pin, static_cast<uint16_t>(wake.pin));
}

SleepResult SystemClass::sleepResult() { return last_sleep; }

void SystemClass::enable(system_flag_t) { vphoton::not_modelled("System.enable()", "the flag changes nothing"); }
void SystemClass::disable(system_flag_t) { vphoton::not_modelled("System.disable()", "the flag changes nothing"); }

uint8_t SystemClass::updatesForced() { return device().updates_forced(); }
uint8_t SystemClass::updatesEnabled() { return device().updates_enabled(); }
uint8_t SystemClass::updatesPending() { return device().updates_pending(); }
void SystemClass::enableUpdates() { device().set_updates_enabled(true); }
void SystemClass::disableUpdates() { device().set_updates_enabled(false); }

bool SystemClass::on(system_event_t events, void (*handler)(system_event_t, int, void*)) {
  device().on_system_event(events, [handler](uint64_t event, int param) { handler(event, param, nullptr); });
  return true;
}

// The shorter forms hand through the raw result, in which 0 is success (Device OS 2.3.1).
bool SystemClass::on(system_event_t events, void (*handler)(system_event_t, int)) {
  device().on_system_event(events, [handler](uint64_t event, int param) { handler(event, param); });
  return false;
}

bool SystemClass::on(system_event_t events, void (*handler)(system_event_t)) {
  device().on_system_event(events, [handler](uint64_t event, int) { handler(event); });
  return false;
}

bool SystemClass::on(system_event_t events, void (*handler)()) {
  device().on_system_event(events, [handler](uint64_t, int) { handler(); });
  return false;
}

bool SystemClass::waitCondition(std::function<bool()> condition, uint32_t timeout) {
  uint32_t started = device().millis();
  while (!condition()) {
    if (device().millis() - started >= timeout) return false;
    device().process();
    device().delay(1);
  }
  return true;
}

bool SystemClass::waitCondition(std::function<bool()> condition) {
  while (!condition()) {
    device().process();
    device().delay(1);
  }
  return true;
}

extern "C" int dct_read_app_data_copy(uint32_t offset, void* ptr, size_t size) {
  return device().read_dct(offset, ptr, size) ? 0 : -1;
}
