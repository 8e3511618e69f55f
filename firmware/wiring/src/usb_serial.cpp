// Serial.
#include "spark_wiring_usbserial.h"

namespace {

// Device OS 2.3.1, usb_settings.h.
uint8_t received[257], sent[129];

}  // namespace

__attribute__((weak)) HAL_USB_USART_Config acquireSerialBuffer() {
  return {sizeof(HAL_USB_USART_Config), received, sizeof received, sent, sizeof sent};
}

USBSerial& _fetch_usbserial() {
  static USBSerial serial(HAL_USB_USART_SERIAL, acquireSerialBuffer());
  return serial;
}

int USBSerial::availableForWrite() { return max(0, static_cast<int>(HAL_USB_USART_Available_Data_For_Write(serial_))); }
int USBSerial::available() { return max(0, static_cast<int>(HAL_USB_USART_Available_Data(serial_))); }
int USBSerial::read() { return max(-1, static_cast<int>(HAL_USB_USART_Receive_Data(serial_, false))); }
int USBSerial::peek() { return max(-1, static_cast<int>(HAL_USB_USART_Receive_Data(serial_, true))); }

size_t USBSerial::write(uint8_t c) {
  if (!blocks_ && availableForWrite() == 0) return 0;
  return static_cast<size_t>(max(0, static_cast<int>(HAL_USB_USART_Send_Data(serial_, c))));
}

// Device OS 2.3.1, system_task.cpp: item 2 is the mutex of USB serial.
os_mutex_recursive_t USBSerial::get_mutex() { return system_internal(2, nullptr); }
