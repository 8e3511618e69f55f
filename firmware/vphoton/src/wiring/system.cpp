// System.
#include "core/device.h"

#include "application.h"

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
void SystemClass::dfu(bool) { device().reset(ResetReason::DfuMode, 0); }

int SystemClass::resetReason() { return static_cast<int>(device().reset_reason()); }
uint32_t SystemClass::resetReasonData() { return device().reset_reason_data(); }

bool SystemClass::enableFeature(HAL_Feature feature) {
  device().enable_feature(feature);
  return true;
}

bool SystemClass::set(hal_system_config_t item, const char* text) {
  return device().set_config(item, text ? text : "") == 0;
}

bool SystemClass::updatesEnabled() { return device().updates_enabled(); }
bool SystemClass::updatesPending() { return device().updates_pending(); }
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
    device().delay(1);
  }
  return true;
}

bool SystemClass::waitCondition(std::function<bool()> condition) {
  while (!condition()) device().delay(1);
  return true;
}
