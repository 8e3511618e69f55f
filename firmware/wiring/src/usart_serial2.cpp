// Serial2, in a file of its own: only applications that use it have its buffers.
#include "spark_wiring_usartserial.h"

USARTSerial& __fetch_global_Serial2() {
  static hal_usart_ring_buffer_t received, sent;
  static USARTSerial serial(HAL_USART_SERIAL2, &received, &sent);
  return serial;
}

void serialEventRun2() {
  if (serialEvent2 && Serial2.available() > 0) serialEvent2();
}
