// Time since start. Both counters wrap at 2^32.
#pragma once

#include <stdint.h>

uint32_t millis();
uint32_t micros();
// Keeps cloud, serial and SoftAP running while it waits.
void delay(unsigned long ms);
void delayMicroseconds(unsigned int us);
