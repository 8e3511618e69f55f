// LEDStatus: the application's own signals on the RGB LED, by priority among those of the system.
#pragma once

#include <stdint.h>

enum LEDPattern { LED_PATTERN_SOLID = 1, LED_PATTERN_BLINK = 2, LED_PATTERN_FADE = 3 };
enum LEDSpeed { LED_SPEED_SLOW = 10, LED_SPEED_NORMAL = 20, LED_SPEED_FAST = 30 };
enum LEDPriority {
  LED_PRIORITY_BACKGROUND = 10,
  LED_PRIORITY_NORMAL = 20,
  LED_PRIORITY_IMPORTANT = 30,
  LED_PRIORITY_CRITICAL = 40
};

#define RGB_COLOR_WHITE 0xFFFFFF
#define RGB_COLOR_RED 0xFF0000
#define RGB_COLOR_GREEN 0x00FF00
#define RGB_COLOR_BLUE 0x0000FF
#define RGB_COLOR_YELLOW 0xFFFF00
#define RGB_COLOR_CYAN 0x00FFFF
#define RGB_COLOR_MAGENTA 0xFF00FF
#define RGB_COLOR_ORANGE 0xFF6000
#define RGB_COLOR_GRAY 0x1F1F1F

namespace particle {

class LEDStatus {
 public:
  explicit LEDStatus(uint32_t color = RGB_COLOR_WHITE, LEDPriority priority = LED_PRIORITY_NORMAL)
      : LEDStatus(color, LED_PATTERN_SOLID, priority) {}
  explicit LEDStatus(LEDPattern pattern, LEDPriority priority = LED_PRIORITY_NORMAL)
      : LEDStatus(RGB_COLOR_WHITE, pattern, priority) {}
  LEDStatus(uint32_t color, LEDPattern pattern, LEDPriority priority = LED_PRIORITY_NORMAL)
      : LEDStatus(color, pattern, LED_SPEED_NORMAL, priority) {}
  LEDStatus(uint32_t color, LEDPattern pattern, LEDSpeed speed, LEDPriority priority = LED_PRIORITY_NORMAL);
  LEDStatus(uint32_t color, LEDPattern pattern, uint16_t period_ms, LEDPriority priority = LED_PRIORITY_NORMAL)
      : color_(color), pattern_(pattern), period_(period_ms), priority_(priority) {}
  ~LEDStatus() { setActive(false); }
  LEDStatus(const LEDStatus&) = delete;
  LEDStatus& operator=(const LEDStatus&) = delete;

  void setColor(uint32_t color);
  uint32_t color() const { return color_; }
  void setPattern(LEDPattern pattern);
  LEDPattern pattern() const { return pattern_; }
  void setSpeed(LEDSpeed speed);
  void setPeriod(uint16_t ms);
  uint16_t period() const { return period_; }
  void setPriority(LEDPriority priority);
  LEDPriority priority() const { return priority_; }
  void on();
  void off();
  void toggle() { isOn() ? off() : on(); }
  bool isOn() { return on_; }

  void setActive(bool active = true);
  bool isActive() const { return active_; }

 private:
  void show();

  uint32_t color_;
  LEDPattern pattern_;
  uint16_t period_;
  LEDPriority priority_;
  bool on_ = true;
  bool active_ = false;
};

}  // namespace particle
