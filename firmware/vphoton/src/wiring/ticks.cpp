// millis(), micros(), delay().
#include "core/device.h"

#include "application.h"

using vphoton::device;

uint32_t millis() { return device().millis(); }
uint32_t micros() { return device().micros(); }
void delay(unsigned long ms) { device().delay(static_cast<uint32_t>(ms)); }

void delayMicroseconds(unsigned int us) {
  uint32_t started = micros();
  while (micros() - started < us) {
  }
}
