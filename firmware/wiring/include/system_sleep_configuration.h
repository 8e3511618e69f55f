// How System.sleep() sleeps, and what wakes it:
//
//   SystemSleepConfiguration config;
//   config.mode(SystemSleepMode::STOP).duration(15min).gpio(D2, FALLING);
//   SystemSleepResult result = System.sleep(config);
#pragma once

#include <chrono>

#include "device_os/functions.h"
#include "enumflags.h"
#include "spark_wiring_usartserial.h"

namespace particle {

enum class SystemSleepMode : uint8_t {
  NONE = HAL_SLEEP_MODE_NONE,
  STOP = HAL_SLEEP_MODE_STOP,  // goes on where it was
  ULTRA_LOW_POWER = HAL_SLEEP_MODE_ULTRA_LOW_POWER,
  HIBERNATE = HAL_SLEEP_MODE_HIBERNATE,  // starts anew
};

enum class SystemSleepFlag : uint32_t { NONE = 0, WAIT_CLOUD = 1 };
enum class SystemSleepNetworkFlag : uint32_t { NONE = 0, INACTIVE_STANDBY = 1 };
enum class AnalogInterruptMode : uint8_t { ABOVE = 0, BELOW = 1, CROSS = 2 };

// Not valid() when there was no memory for a source, or without a mode.
class SystemSleepConfiguration {
 public:
  SystemSleepConfiguration();
  SystemSleepConfiguration(SystemSleepConfiguration&& other);
  SystemSleepConfiguration& operator=(SystemSleepConfiguration&& other);
  SystemSleepConfiguration(const SystemSleepConfiguration&) = delete;
  SystemSleepConfiguration& operator=(const SystemSleepConfiguration&) = delete;
  ~SystemSleepConfiguration();

  SystemSleepConfiguration& mode(SystemSleepMode mode);
  SystemSleepConfiguration& flag(EnumFlags<SystemSleepFlag> flags);
  SystemSleepConfiguration& duration(system_tick_t ms);
  SystemSleepConfiguration& duration(std::chrono::milliseconds time) {
    return duration(static_cast<system_tick_t>(time.count()));
  }
  SystemSleepConfiguration& gpio(pin_t pin, InterruptMode edge);
  SystemSleepConfiguration& analog(pin_t pin, uint16_t millivolts, AnalogInterruptMode when);
  SystemSleepConfiguration& usart(const USARTSerial& serial);
  SystemSleepConfiguration& network(network_interface_t interface,
                                    EnumFlags<SystemSleepNetworkFlag> flags = SystemSleepNetworkFlag::NONE);

  bool valid() const { return has_memory_ && config_.mode != HAL_SLEEP_MODE_NONE; }
  const hal_sleep_config_t* halConfig() const { return &config_; }

 private:
  // The source of this type that `is` this one, or a new one; null: no memory.
  template <typename Source, typename Is>
  Source* source(hal_wakeup_source_type_t type, Is is);

  hal_sleep_config_t config_;
  bool has_memory_ = true;
};

}  // namespace particle
