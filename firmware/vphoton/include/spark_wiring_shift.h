// Serial data by hand on two pins, most significant bit first or last.
#pragma once

#include "spark_wiring_gpio.h"

void shiftOut(pin_t data, pin_t clock, uint8_t order, uint8_t value);
uint8_t shiftIn(pin_t data, pin_t clock, uint8_t order);

// Not modelled: each says so once on stderr. Nothing sounds, and no pulse is ever seen.
void tone(pin_t pin, unsigned frequency, unsigned long duration_ms = 0);
void noTone(pin_t pin);
uint32_t pulseIn(pin_t pin, uint16_t level);
