// LEDStatus: the application's own signals on the RGB LED, by priority among those of the system.
#pragma once

#include "device_os/functions.h"

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
  LEDStatus(uint32_t color, LEDPattern pattern, LEDSpeed speed, LEDPriority priority = LED_PRIORITY_NORMAL)
      : LEDStatus(color, pattern, led_pattern_period(pattern, speed, nullptr), priority) {}
  LEDStatus(uint32_t color, LEDPattern pattern, uint16_t period_ms, LEDPriority priority = LED_PRIORITY_NORMAL)
      : shown_{sizeof shown_, nullptr, nullptr, value_of(priority), pattern, 0, color, period_ms, nullptr} {}
  ~LEDStatus() { setActive(false); }
  LEDStatus(const LEDStatus&) = delete;
  LEDStatus& operator=(const LEDStatus&) = delete;

  void setColor(uint32_t color) { shown_.color = color; }
  uint32_t color() const { return shown_.color; }
  void setPattern(LEDPattern pattern) { shown_.pattern = pattern; }
  LEDPattern pattern() const { return static_cast<LEDPattern>(shown_.pattern); }
  void setSpeed(LEDSpeed speed) { setPeriod(led_pattern_period(shown_.pattern, speed, nullptr)); }
  void setPeriod(uint16_t ms) { shown_.period = ms; }
  uint16_t period() const { return shown_.period; }
  void setPriority(LEDPriority priority) { shown_.priority = value_of(priority); }
  LEDPriority priority() const { return static_cast<LEDPriority>(shown_.priority >> 2); }
  void on() { shown_.flags = shown_.flags & static_cast<uint8_t>(~kOff); }
  void off() { shown_.flags = shown_.flags | kOff; }
  void toggle() { shown_.flags = shown_.flags ^ kOff; }
  bool isOn() { return !(shown_.flags & kOff); }
  bool isOff() { return shown_.flags & kOff; }

  void setActive(bool active = true) { led_set_status_active(&shown_, active, nullptr); }
  void setActive(LEDPriority priority) {
    setPriority(priority);
    setActive(true);
  }
  bool isActive() const { return shown_.flags & kActive; }

 private:
  static constexpr uint8_t kActive = 1;
  static constexpr uint8_t kOff = 2;
  // An application's comes before the system's of the same priority.
  static uint8_t value_of(LEDPriority priority) { return static_cast<uint8_t>(priority << 2 | 1); }

  LEDStatusData shown_;
};

}  // namespace particle
