// Serial ports. Device OS 2.3.1, usart_hal.h, usb_hal.h.
#pragma once

#include "layout.h"

constexpr size_t SERIAL_BUFFER_SIZE = 64;

// Belongs to the application; the system's interrupt handler fills and empties it.
struct hal_usart_ring_buffer_t {
  uint16_t buffer[SERIAL_BUFFER_SIZE];
  volatile uint16_t head;
  volatile uint16_t tail;
};
ABI_FIELD(hal_usart_ring_buffer_t, head, 128);
ABI_FIELD(hal_usart_ring_buffer_t, tail, 130);
ABI_SIZE(hal_usart_ring_buffer_t, 132);

enum hal_usart_interface_t { HAL_USART_SERIAL1 = 0, HAL_USART_SERIAL2 = 1 };
ABI_SIZE(hal_usart_interface_t, 1);

enum HAL_USB_USART_Serial { HAL_USB_USART_SERIAL = 0, HAL_USB_USART_SERIAL1 = 1, HAL_USB_USART_SERIAL_COUNT };
ABI_SIZE(HAL_USB_USART_Serial, 1);

// Null buffers: the system's own.
struct HAL_USB_USART_Config {
  uint16_t size;
  uint8_t* rx_buffer;
  uint16_t rx_buffer_size;
  uint8_t* tx_buffer;
  uint16_t tx_buffer_size;
};
ABI_FIELD(HAL_USB_USART_Config, rx_buffer, 4);
ABI_FIELD(HAL_USB_USART_Config, tx_buffer, 12);
ABI_SIZE(HAL_USB_USART_Config, 20);
