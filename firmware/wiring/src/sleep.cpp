// Sleep.
#include "system_sleep_configuration.h"

#include <stdlib.h>
#include <string.h>

#include "spark_wiring_system.h"

namespace particle {

SystemSleepConfiguration::SystemSleepConfiguration() : config_() {
  config_.size = sizeof config_;
  config_.version = HAL_SLEEP_VERSION;
}

SystemSleepConfiguration::SystemSleepConfiguration(SystemSleepConfiguration&& other)
    : config_(other.config_), has_memory_(other.has_memory_) {
  other.config_.wakeup_sources = nullptr;
}

SystemSleepConfiguration& SystemSleepConfiguration::operator=(SystemSleepConfiguration&& other) {
  std::swap(config_, other.config_);
  std::swap(has_memory_, other.has_memory_);
  return *this;
}

SystemSleepConfiguration::~SystemSleepConfiguration() {
  while (hal_wakeup_source_base_t* first = config_.wakeup_sources) {
    config_.wakeup_sources = first->next;
    free(first);
  }
}

template <typename Source, typename Is>
Source* SystemSleepConfiguration::source(hal_wakeup_source_type_t type, Is is) {
  for (hal_wakeup_source_base_t* each = config_.wakeup_sources; each; each = each->next)
    if (each->type == type && is(*reinterpret_cast<Source*>(each))) return reinterpret_cast<Source*>(each);
  Source* made = static_cast<Source*>(calloc(1, sizeof(Source)));
  has_memory_ = has_memory_ && made;
  if (!made) return nullptr;
  made->base = {sizeof(Source), HAL_SLEEP_VERSION, type, 0, config_.wakeup_sources};
  config_.wakeup_sources = &made->base;
  return made;
}

SystemSleepConfiguration& SystemSleepConfiguration::mode(SystemSleepMode mode) {
  config_.mode = static_cast<hal_sleep_mode_t>(mode);
  return *this;
}

SystemSleepConfiguration& SystemSleepConfiguration::flag(EnumFlags<SystemSleepFlag> flags) {
  config_.flags |= flags.value();
  return *this;
}

SystemSleepConfiguration& SystemSleepConfiguration::duration(system_tick_t ms) {
  auto only = [](hal_wakeup_source_rtc_t&) { return true; };
  if (auto* its = source<hal_wakeup_source_rtc_t>(HAL_WAKEUP_SOURCE_TYPE_RTC, only)) its->ms = ms;
  return *this;
}

SystemSleepConfiguration& SystemSleepConfiguration::gpio(pin_t pin, InterruptMode edge) {
  auto of_pin = [pin](hal_wakeup_source_gpio_t& each) { return each.pin == pin; };
  if (auto* its = source<hal_wakeup_source_gpio_t>(HAL_WAKEUP_SOURCE_TYPE_GPIO, of_pin)) {
    its->pin = pin;
    its->mode = edge;
  }
  return *this;
}

SystemSleepConfiguration& SystemSleepConfiguration::analog(pin_t pin, uint16_t millivolts, AnalogInterruptMode when) {
  auto only = [](hal_wakeup_source_lpcomp_t&) { return true; };
  if (auto* its = source<hal_wakeup_source_lpcomp_t>(HAL_WAKEUP_SOURCE_TYPE_LPCOMP, only)) {
    its->pin = pin;
    its->voltage = millivolts;
    its->trig = static_cast<uint8_t>(when);
  }
  return *this;
}

SystemSleepConfiguration& SystemSleepConfiguration::usart(const USARTSerial& serial) {
  const hal_usart_interface_t port = serial.interface();
  auto of_port = [port](hal_wakeup_source_usart_t& each) { return each.serial == port; };
  if (auto* its = source<hal_wakeup_source_usart_t>(HAL_WAKEUP_SOURCE_TYPE_USART, of_port)) its->serial = port;
  return *this;
}

SystemSleepConfiguration& SystemSleepConfiguration::network(network_interface_t interface,
                                                            EnumFlags<SystemSleepNetworkFlag> flags) {
  auto of_interface = [interface](hal_wakeup_source_network_t& each) { return each.index == interface; };
  if (auto* its = source<hal_wakeup_source_network_t>(HAL_WAKEUP_SOURCE_TYPE_NETWORK, of_interface)) {
    its->index = static_cast<uint8_t>(interface);
    its->flags = static_cast<uint16_t>(its->flags | flags.value());
  }
  return *this;
}

}  // namespace particle

SystemSleepResult::~SystemSleepResult() { free(source_); }

SystemSleepResult::SystemSleepResult(SystemSleepResult&& other)
    : source_(other.source_), error_(other.error_), plain_(other.plain_) {
  other.source_ = nullptr;
}

SystemSleepResult& SystemSleepResult::operator=(SystemSleepResult&& other) {
  std::swap(source_, other.source_);
  error_ = other.error_;
  plain_ = other.plain_;
  return *this;
}

SystemSleepResult::SystemSleepResult(const SystemSleepResult& other) : error_(other.error_), plain_(other.plain_) {
  if (!other.source_) return;
  source_ = static_cast<hal_wakeup_source_base_t*>(malloc(other.source_->size));
  if (!source_) return;
  memcpy(static_cast<void*>(source_), other.source_, other.source_->size);
  source_->next = nullptr;
}

SystemSleepResult& SystemSleepResult::operator=(const SystemSleepResult& other) {
  return *this = SystemSleepResult(other);
}

SystemSleepWakeupReason SystemSleepResult::wakeupReason() const {
  if (source_) return static_cast<SystemSleepWakeupReason>(source_->type);
  if (plain_.wokenUpByPin()) return SystemSleepWakeupReason::BY_GPIO;
  return plain_.wokenUpByRtc() ? SystemSleepWakeupReason::BY_RTC : SystemSleepWakeupReason::UNKNOWN;
}

pin_t SystemSleepResult::wakeupPin() const {
  if (!source_) return plain_.pin();
  if (source_->type == HAL_WAKEUP_SOURCE_TYPE_GPIO)
    return reinterpret_cast<const hal_wakeup_source_gpio_t*>(source_)->pin;
  return PIN_INVALID;
}

SleepResult SystemSleepResult::toSleepResult() {
  if (!source_) return SleepResult(plain_.reason(), error_, plain_.pin());
  if (source_->type == HAL_WAKEUP_SOURCE_TYPE_GPIO) return SleepResult(WAKEUP_REASON_PIN, error_, wakeupPin());
  if (source_->type == HAL_WAKEUP_SOURCE_TYPE_RTC) return SleepResult(WAKEUP_REASON_RTC, error_);
  return SleepResult(WAKEUP_REASON_UNKNOWN, error_);
}

SystemSleepResult SystemClass::sleep(const particle::SystemSleepConfiguration& config) {
  if (!config.valid()) return SystemSleepResult(SYSTEM_ERROR_INVALID_ARGUMENT);
  SystemSleepResult result;
  const int outcome = system_sleep_ext(config.halConfig(), result.halWakeupSource(), nullptr);
  result.setError(static_cast<system_error_t>(outcome));
  last_sleep_ = result.toSleepResult();
  return result;
}
