// Serial1.
#include "spark_wiring_usartserial.h"

USARTSerial& __fetch_global_Serial1() {
  static hal_usart_ring_buffer_t received, sent;
  static USARTSerial serial(HAL_USART_SERIAL1, &received, &sent);
  return serial;
}

int USARTSerial::availableForWrite() { return max(0, static_cast<int>(hal_usart_available_data_for_write(serial_))); }
int USARTSerial::available() { return max(0, static_cast<int>(hal_usart_available(serial_))); }
int USARTSerial::read() { return max(-1, static_cast<int>(hal_usart_read(serial_))); }
int USARTSerial::peek() { return max(-1, static_cast<int>(hal_usart_peek(serial_))); }

size_t USARTSerial::write(uint8_t c) {
  return blocks_ || hal_usart_available_data_for_write(serial_) > 0 ? hal_usart_write(serial_, c) : 0;
}
