// The RGB status LED, once the application has taken it from the system.
#pragma once

#include <functional>

#include "device_os/functions.h"

typedef std::function<void(uint8_t, uint8_t, uint8_t)> wiring_rgb_change_handler_t;

class RGBClass {
 public:
  static void control(bool take);
  static bool controlled() { return LED_RGB_IsOverRidden(); }
  static void color(int red, int green, int blue);  // 0 ... 255 each
  static void color(uint32_t rgb);
  static void brightness(uint8_t value, bool update = true);  // 0 ... 255; 96 at the start
  static uint8_t brightness() { return Get_LED_Brightness(); }
  // Shows it on three pins as well, which have PWM; `invert` for a common anode. `bootloader`: also before start.
  static void mirrorTo(pin_t red, pin_t green, pin_t blue, bool invert = false, bool bootloader = false);
  static void mirrorDisable(bool bootloader = true);
  // Called with every colour shown, possibly in an interrupt. An empty one ends it.
  void onChange(wiring_rgb_change_handler_t handler);

 private:
  static void changed(void* data, uint8_t red, uint8_t green, uint8_t blue, void* reserved);
};

extern RGBClass RGB;
