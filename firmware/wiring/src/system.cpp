// System.
#include "spark_wiring_system.h"

#include "user_part.h"

SystemClass System;
SleepResult SystemClass::last_sleep_;

namespace {

SystemVersionInfo version_info() {
  SystemVersionInfo info = {};
  info.size = sizeof info;
  system_version_info(&info, nullptr);
  return info;
}

}  // namespace

String SystemClass::version() { return String(version_info().versionString); }
uint32_t SystemClass::versionNumber() { return version_info().versionNumber; }

uint32_t SystemClass::freeMemory() {
  runtime_info_t info = {};
  info.size = sizeof info;
  HAL_Core_Runtime_Info(&info, nullptr);
  return info.freeheap;
}

bool SystemClass::featureEnabled(HAL_Feature feature) {
  return feature == FEATURE_WARM_START ? user_part::retained_memory_was_valid() : HAL_Feature_Get(feature);
}

SleepResult SystemClass::sleep(Spark_Sleep_TypeDef mode, long seconds, SleepOptionFlags flags) {
  int result = system_sleep(mode, seconds, flags.value(), nullptr);
  return last_sleep_ = SleepResult(WAKEUP_REASON_NONE, static_cast<system_error_t>(result));
}

// The system returns 0 for the time, the pin's place in the list from 1 on, or an error.
SleepResult SystemClass::sleep(const pin_t* pins, size_t count, const InterruptMode* edges, size_t edge_count,
                               long seconds, SleepOptionFlags flags) {
  int result = system_sleep_pins(pins, count, edges, edge_count, seconds, flags.value(), nullptr);
  if (result < 0) return last_sleep_ = SleepResult(WAKEUP_REASON_NONE, static_cast<system_error_t>(result));
  if (result == 0) return last_sleep_ = SleepResult(WAKEUP_REASON_RTC, SYSTEM_ERROR_NONE);
  const pin_t pin = static_cast<size_t>(result) <= count ? pins[result - 1] : PIN_INVALID;
  return last_sleep_ = SleepResult(WAKEUP_REASON_PIN, SYSTEM_ERROR_NONE, pin);
}

SleepResult SystemClass::sleepResult() {
  static bool asked = false;
  if (!asked && resetReason() == RESET_REASON_POWER_MANAGEMENT)
    last_sleep_ = SleepResult(WAKEUP_REASON_PIN_OR_RTC, SYSTEM_ERROR_NONE, WKP);
  asked = true;
  return last_sleep_;
}
