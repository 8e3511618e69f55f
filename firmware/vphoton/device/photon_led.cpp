// The RGB status LED: Device OS 2.3.1's signals in the order of their priority.
#include <cstdio>

#include "base/json.h"
#include "device/photon.h"

namespace vphoton {
namespace {

constexpr uint32_t kWhite = 0xFFFFFF, kRed = 0xFF0000, kYellow = 0xFFFF00, kGreen = 0x00FF00, kCyan = 0x00FFFF,
                   kBlue = 0x0000FF, kMagenta = 0xFF00FF;
constexpr int kBreathMs = 4000;

std::string color_text(uint32_t color) {
  char text[8];
  snprintf(text, sizeof text, "#%06X", static_cast<unsigned>(color & 0xFFFFFF));
  return text;
}

// "blink" is on and off once per period, "breathe" once bright and dark.
std::string pattern(const std::string& color, const char* name, int period_ms) {
  return JsonObject().add("color", color).add("pattern", name).add("period_ms", period_ms).str();
}

std::string blink(uint32_t color, int period_ms) { return pattern(color_text(color), "blink", period_ms); }

std::string breathe(uint32_t color) { return pattern(color_text(color), "breathe", kBreathMs); }

const char* pattern_name(LedPattern pattern) {
  switch (pattern) {
    case LedPattern::Solid:
      return "solid";
    case LedPattern::Blink:
      return "blink";
    case LedPattern::Breathe:
      return "breathe";
  }
  return "";
}

}  // namespace

std::string Photon::led() const {
  if (in_bootloader_) return led_of_bootloader();
  if (asleep_ || in_reset_) return pattern("#000000", "solid", 0);
  if (panicking_)
    return JsonObject()
        .add("color", color_text(kRed))
        .add("pattern", "sos")
        .add("blinks", static_cast<int>(reset_data_))
        .str();
  if (dfu_) return blink(kYellow, 200);
  if (signaling_) return pattern("rainbow", "cycle", 700);
  if (led_by_application_)
    return pattern(color_text(static_cast<uint32_t>(led_color_[0] << 16 | led_color_[1] << 8 | led_color_[2])), "solid",
                   0);
  const LedStatusRecord* status = most_important_led_status();
  if (status && status->priority >= LedPriority::Important) return shown(*status);
  if (updating_) return blink(kMagenta, 100);
  if (listening_) return blink(kBlue, 500);
  if (status) return shown(*status);
  switch (wifi_->state()) {
    case Wifi::State::Off:
      return breathe(wifi_on_ ? kBlue : kWhite);
    case Wifi::State::Connecting:
      return blink(kGreen, 200);
    case Wifi::State::Up:
      break;
  }
  switch (cloud_state_) {
    case CloudState::Disconnected:
      return cloud_.wanted() ? blink(kCyan, 200) : breathe(kGreen);
    case CloudState::Connecting:
      return blink(kCyan, 200);
    case CloudState::Handshaking:
      return blink(kCyan, 100);
    case CloudState::Connected:
      break;
  }
  return breathe(safe_mode_ ? kMagenta : kCyan);
}

// What letting go of SETUP would choose. From 10 s on it is white, and still chooses the same. The period is a choice.
std::string Photon::led_of_bootloader() const {
  constexpr int kWhiteMs = 10000, kPeriodMs = 200;
  const uint64_t ms = reactor_.now_ms() - *setup_pressed_ms_;
  if (ms >= kWhiteMs) return blink(kWhite, kPeriodMs);
  switch (boot_choice(static_cast<int>(ms), ota_->factory_image_valid())) {
    case BootChoice::Normal:
      break;
    case BootChoice::SafeMode:
      return blink(kMagenta, kPeriodMs);
    case BootChoice::Dfu:
      return blink(kYellow, kPeriodMs);
    case BootChoice::FactoryReset:
      return blink(kGreen, kPeriodMs);
  }
  return pattern("#000000", "solid", 0);
}

const LedStatusRecord* Photon::most_important_led_status() const {
  const LedStatusRecord* first = nullptr;
  for (const auto& each : led_statuses_)
    if (!first || each.priority >= first->priority) first = &each;
  return first;
}

std::string Photon::shown(const LedStatusRecord& status) const {
  return pattern(color_text(status.color), pattern_name(status.pattern), status.period_ms);
}

}  // namespace vphoton
