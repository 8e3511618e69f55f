// LEDStatus.
#include "core/device.h"

#include "application.h"

namespace particle {
namespace {

// Device OS 2.3.1, period in milliseconds by pattern and speed.
uint16_t period_of(LEDPattern pattern, LEDSpeed speed) {
  static constexpr uint16_t kBlink[] = {500, 200, 100};
  static constexpr uint16_t kFade[] = {8000, 4000, 1000};
  if (pattern == LED_PATTERN_BLINK) return kBlink[speed / 10 - 1];
  return pattern == LED_PATTERN_FADE ? kFade[speed / 10 - 1] : 0;
}

vphoton::LedPattern to_device(LEDPattern pattern) {
  if (pattern == LED_PATTERN_BLINK) return vphoton::LedPattern::Blink;
  return pattern == LED_PATTERN_FADE ? vphoton::LedPattern::Breathe : vphoton::LedPattern::Solid;
}

vphoton::LedPriority to_device(LEDPriority priority) {
  switch (priority) {
    case LED_PRIORITY_BACKGROUND:
      return vphoton::LedPriority::Background;
    case LED_PRIORITY_NORMAL:
      return vphoton::LedPriority::Normal;
    case LED_PRIORITY_IMPORTANT:
      return vphoton::LedPriority::Important;
    case LED_PRIORITY_CRITICAL:
      break;
  }
  return vphoton::LedPriority::Critical;
}

}  // namespace

LEDStatus::LEDStatus(uint32_t color, LEDPattern pattern, LEDSpeed speed, LEDPriority priority)
    : LEDStatus(color, pattern, period_of(pattern, speed), priority) {}

void LEDStatus::show() {
  if (active_)
    vphoton::device().led_status(
        this, vphoton::LedStatusRecord{on_ ? color_ : 0, to_device(pattern_), period_, to_device(priority_)});
}

void LEDStatus::setColor(uint32_t color) {
  color_ = color;
  show();
}

void LEDStatus::setPattern(LEDPattern pattern) {
  pattern_ = pattern;
  period_ = period_of(pattern, LED_SPEED_NORMAL);
  show();
}

void LEDStatus::setSpeed(LEDSpeed speed) {
  period_ = period_of(pattern_, speed);
  show();
}

void LEDStatus::setPeriod(uint16_t ms) {
  period_ = ms;
  show();
}

void LEDStatus::setPriority(LEDPriority priority) {
  priority_ = priority;
  show();
}

void LEDStatus::on() {
  on_ = true;
  show();
}

void LEDStatus::off() {
  on_ = false;
  show();
}

void LEDStatus::setActive(bool active) {
  if (active_ == active) return;
  active_ = active;
  if (active)
    show();
  else
    vphoton::device().led_status(this, std::nullopt);
}

}  // namespace particle
