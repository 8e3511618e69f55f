// Serial1: the pins RX and TX.
#include "core/device.h"

#include "application.h"

using vphoton::device;

USARTSerial Serial1;

void USARTSerial::begin(unsigned long speed) { device().uart().begin(static_cast<uint32_t>(speed)); }
void USARTSerial::end() { device().uart().end(); }
bool USARTSerial::isEnabled() { return device().uart().baud() != 0; }
int USARTSerial::available() { return static_cast<int>(device().uart().available()); }
int USARTSerial::read() { return device().uart().read(); }
int USARTSerial::peek() { return device().uart().peek(); }
void USARTSerial::flush() {
  while (uint32_t busy = device().uart().busy_ms()) device().delay(busy);
}
size_t USARTSerial::write(uint8_t c) { return write(&c, 1); }
size_t USARTSerial::write(const uint8_t* buffer, size_t size) { return device().uart().write(buffer, size); }
