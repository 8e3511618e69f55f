// Sleep until one of several sources. Device OS 2.3.1, sleep_hal.h.
#pragma once

#include "network.h"
#include "pins.h"
#include "serial.h"

enum hal_sleep_mode_t {
  HAL_SLEEP_MODE_NONE = 0,
  HAL_SLEEP_MODE_STOP = 1,
  HAL_SLEEP_MODE_ULTRA_LOW_POWER = 2,
  HAL_SLEEP_MODE_HIBERNATE = 3,
  HAL_SLEEP_MODE_MAX = 0x7F
};
ABI_SIZE(hal_sleep_mode_t, 1);

enum hal_wakeup_source_type_t {
  HAL_WAKEUP_SOURCE_TYPE_UNKNOWN = 0,
  HAL_WAKEUP_SOURCE_TYPE_GPIO = 1,
  HAL_WAKEUP_SOURCE_TYPE_ADC = 2,
  HAL_WAKEUP_SOURCE_TYPE_DAC = 3,
  HAL_WAKEUP_SOURCE_TYPE_RTC = 4,
  HAL_WAKEUP_SOURCE_TYPE_LPCOMP = 5,
  HAL_WAKEUP_SOURCE_TYPE_USART = 6,
  HAL_WAKEUP_SOURCE_TYPE_I2C = 7,
  HAL_WAKEUP_SOURCE_TYPE_SPI = 8,
  HAL_WAKEUP_SOURCE_TYPE_TIMER = 9,
  HAL_WAKEUP_SOURCE_TYPE_CAN = 10,
  HAL_WAKEUP_SOURCE_TYPE_USB = 11,
  HAL_WAKEUP_SOURCE_TYPE_BLE = 12,
  HAL_WAKEUP_SOURCE_TYPE_NFC = 13,
  HAL_WAKEUP_SOURCE_TYPE_NETWORK = 14,
  HAL_WAKEUP_SOURCE_TYPE_MAX = 0x7FFF
};
ABI_SIZE(hal_wakeup_source_type_t, 2);

// What each source begins with; they are a list.
struct hal_wakeup_source_base_t {
  uint16_t size;
  uint16_t version;
  hal_wakeup_source_type_t type;
  uint16_t reserved;
  hal_wakeup_source_base_t* next;
};
ABI_SIZE(hal_wakeup_source_base_t, 12);

struct hal_wakeup_source_gpio_t {
  hal_wakeup_source_base_t base;
  uint16_t pin;
  InterruptMode mode;
  uint8_t reserved;
};
ABI_SIZE(hal_wakeup_source_gpio_t, 16);

struct hal_wakeup_source_rtc_t {
  hal_wakeup_source_base_t base;
  system_tick_t ms;
};
ABI_SIZE(hal_wakeup_source_rtc_t, 16);

struct hal_wakeup_source_usart_t {
  hal_wakeup_source_base_t base;
  hal_usart_interface_t serial;
  uint8_t reserved[3];
};
ABI_SIZE(hal_wakeup_source_usart_t, 16);

struct hal_wakeup_source_network_t {
  hal_wakeup_source_base_t base;
  uint8_t index;
  uint16_t flags;
  uint8_t reserved;
};
ABI_FIELD(hal_wakeup_source_network_t, flags, 14);
ABI_SIZE(hal_wakeup_source_network_t, 20);

struct hal_wakeup_source_lpcomp_t {
  hal_wakeup_source_base_t base;
  uint16_t pin;
  uint16_t voltage;  // mV
  uint8_t trig;
  uint8_t reserved[3];
};
ABI_SIZE(hal_wakeup_source_lpcomp_t, 20);

struct hal_sleep_config_t {
  uint16_t size;
  uint16_t version;
  hal_sleep_mode_t mode;
  uint8_t reserved;
  uint16_t reserved1;
  uint32_t flags;  // 1: first wait until the cloud has everything
  hal_wakeup_source_base_t* wakeup_sources;
};
ABI_SIZE(hal_sleep_config_t, 16);
constexpr uint16_t HAL_SLEEP_VERSION = 3;
