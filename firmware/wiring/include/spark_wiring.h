// Pins, time and arithmetic, under the name that libraries of old include.
#pragma once

#include "spark_wiring_arduino.h"
#include "spark_wiring_constants.h"
#include "spark_wiring_gpio.h"
#include "spark_wiring_interrupts.h"
#include "spark_wiring_random.h"
#include "spark_wiring_shift.h"
#include "spark_wiring_stream.h"
#include "spark_wiring_ticks.h"

// A line that someone types: echoed, with backspace; ends with Enter, or when nothing came for `timeout_ms`.
void serialReadLine(Stream* stream, char* text, int size, system_tick_t timeout_ms);
