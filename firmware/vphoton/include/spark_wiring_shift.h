// Serial data by hand on two pins, most significant bit first or last.
#pragma once

#include "spark_wiring_gpio.h"

void shiftOut(uint8_t data, uint8_t clock, uint8_t order, uint8_t value);
uint8_t shiftIn(uint8_t data, uint8_t clock, uint8_t order);

// Not modelled: each says so once on stderr. Nothing sounds, and no pulse is ever seen.
void tone(uint8_t pin, unsigned frequency, unsigned long duration_ms = 0);
void noTone(uint8_t pin);
uint32_t pulseIn(pin_t pin, uint16_t level);
