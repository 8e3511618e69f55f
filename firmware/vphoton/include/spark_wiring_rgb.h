// The RGB status LED, once the application has taken it from the system.
#pragma once

#include <stdint.h>

class RGBClass {
 public:
  static void control(bool take);
  static bool controlled();
  static void color(int red, int green, int blue);  // 0 ... 255 each
  static void color(uint32_t rgb) { color((rgb >> 16) & 0xFF, (rgb >> 8) & 0xFF, rgb & 0xFF); }
};

extern RGBClass RGB;
