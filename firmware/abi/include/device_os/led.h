// The RGB LED and signals on it. Device OS 2.3.1, rgbled.h, led_service.h, system_led_signal.h.
#pragma once

#include "layout.h"

// By this number the three colours are one LED.
enum Led_TypeDef { LED1 = 0, LED2 = 1, LED3 = 2, LED4 = 3, LED_RGB = 231 };
ABI_SIZE(Led_TypeDef, 1);

typedef void (*led_update_handler_fn)(void* data, uint8_t r, uint8_t g, uint8_t b, void* reserved);

// A signal; it must stay where it is while it is active.
struct LEDStatusData {
  size_t size;
  LEDStatusData* next;
  LEDStatusData* prev;
  volatile uint8_t priority;  // the lowest two bits say whose
  volatile uint8_t pattern;
  volatile uint8_t flags;    // 1: active (the system's own note), 2: off
  volatile uint32_t color;   // 0x00RRGGBB
  volatile uint16_t period;  // ms; in custom patterns a callback and its data are here
  void* custom_data;
};
ABI_FIELD(LEDStatusData, priority, 12);
ABI_FIELD(LEDStatusData, color, 16);
ABI_FIELD(LEDStatusData, period, 20);
ABI_SIZE(LEDStatusData, 28);
