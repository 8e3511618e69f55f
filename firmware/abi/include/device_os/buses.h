// I2C and SPI. Device OS 2.3.1, i2c_hal.h, spi_hal.h.
#pragma once

#include "pins.h"

enum hal_i2c_interface_t { HAL_I2C_INTERFACE1 = 0, HAL_I2C_INTERFACE2 = 1, HAL_I2C_INTERFACE3 = 2 };
ABI_SIZE(hal_i2c_interface_t, 1);
enum hal_i2c_mode_t { I2C_MODE_MASTER = 0, I2C_MODE_SLAVE = 1 };
ABI_SIZE(hal_i2c_mode_t, 1);

struct hal_i2c_config_t {
  uint16_t size;
  uint16_t version;
  uint8_t* rx_buffer;
  uint32_t rx_buffer_size;
  uint8_t* tx_buffer;
  uint32_t tx_buffer_size;
};
ABI_SIZE(hal_i2c_config_t, 20);

struct hal_i2c_transmission_config_t {
  uint16_t size;
  uint16_t version;
  uint8_t address;
  uint8_t reserved[3];
  uint32_t quantity;
  uint32_t timeout_ms;
  uint32_t flags;  // 1: stop condition at the end
};
ABI_FIELD(hal_i2c_transmission_config_t, quantity, 8);
ABI_SIZE(hal_i2c_transmission_config_t, 20);
constexpr uint32_t HAL_I2C_DEFAULT_TIMEOUT_MS = 100;

enum hal_spi_interface_t { HAL_SPI_INTERFACE1 = 0, HAL_SPI_INTERFACE2 = 1 };
ABI_SIZE(hal_spi_interface_t, 1);
enum hal_spi_mode_t { SPI_MODE_MASTER = 0, SPI_MODE_SLAVE = 1 };
ABI_SIZE(hal_spi_mode_t, 1);

typedef void (*hal_spi_dma_user_callback)(void);
typedef void (*hal_spi_select_user_callback)(uint8_t state);

struct hal_spi_info_t {
  uint16_t version;       // 11, or 12 with ss_pin
  uint32_t system_clock;  // Hz, what a divider divides
  uint8_t default_settings;
  uint8_t enabled;
  hal_spi_mode_t mode;
  uint32_t clock;
  uint8_t bit_order;
  uint8_t data_mode;
  pin_t ss_pin;
};
ABI_FIELD(hal_spi_info_t, system_clock, 4);
ABI_FIELD(hal_spi_info_t, clock, 12);
ABI_FIELD(hal_spi_info_t, ss_pin, 18);
ABI_SIZE(hal_spi_info_t, 20);

struct hal_spi_transfer_status_t {
  uint8_t version;
  uint32_t configured_transfer_length;
  uint32_t transfer_length;
  uint8_t transfer_ongoing : 1;
  uint8_t ss_state : 1;
};
ABI_SIZE(hal_spi_transfer_status_t, 16);
