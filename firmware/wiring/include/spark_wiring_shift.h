// Serial data by hand on two pins, most significant bit first or last; tones and pulses.
#pragma once

#include "spark_wiring_gpio.h"

void shiftOut(uint8_t data, uint8_t clock, uint8_t order, uint8_t value);
uint8_t shiftIn(uint8_t data, uint8_t clock, uint8_t order);

void tone(uint8_t pin, unsigned frequency, unsigned long duration_ms = 0);  // 0: until noTone()
inline void noTone(uint8_t pin) { HAL_Tone_Stop(pin); }
// Microseconds of the next pulse; 0 when none came in 3 seconds. Nothing else runs meanwhile.
inline uint32_t pulseIn(pin_t pin, uint16_t level) { return HAL_Pulse_In(pin, level); }
