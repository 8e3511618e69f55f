// System.
#include "spark_wiring_system.h"

#include "user_part.h"

SystemClass System;

namespace {

SleepResult last_sleep;

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

SleepResult SystemClass::sleep(Spark_Sleep_TypeDef mode, long seconds) {
  int result = system_sleep(mode, seconds, 0, nullptr);
  return last_sleep = SleepResult(WAKEUP_REASON_NONE, static_cast<system_error_t>(result));
}

// The system returns 0 for the time, 1 for the first pin, or an error.
SleepResult SystemClass::sleep(pin_t wake_pin, InterruptMode edge, long seconds) {
  int result = system_sleep_pins(&wake_pin, 1, &edge, 1, seconds, 0, nullptr);
  if (result < 0) return last_sleep = SleepResult(WAKEUP_REASON_NONE, static_cast<system_error_t>(result));
  if (result == 0) return last_sleep = SleepResult(WAKEUP_REASON_RTC, SYSTEM_ERROR_NONE);
  return last_sleep = SleepResult(WAKEUP_REASON_PIN, SYSTEM_ERROR_NONE, wake_pin);
}

SleepResult SystemClass::sleepResult() {
  static bool asked = false;
  if (!asked && resetReason() == RESET_REASON_POWER_MANAGEMENT)
    last_sleep = SleepResult(WAKEUP_REASON_PIN_OR_RTC, SYSTEM_ERROR_NONE, WKP);
  asked = true;
  return last_sleep;
}
