// The RGB status LED, once the application has taken it from the system.
#pragma once

#include <stdint.h>

class RGBClass {
 public:
  static void control(bool take);
  static bool controlled();
  static void color(int red, int green, int blue);            // 0 ... 255 each
  static void brightness(uint8_t value, bool update = true);  // 0 ... 255; 96 at the start, as on a real one
  static uint8_t brightness();
  static void color(uint32_t rgb) { color((rgb >> 16) & 0xFF, (rgb >> 8) & 0xFF, rgb & 0xFF); }
};

extern RGBClass RGB;
