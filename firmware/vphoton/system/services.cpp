// Table services: the RGB LED, log messages, and panic.
#include <algorithm>
#include <map>

#include "system/format.h"
#include "system/led.h"
#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint8_t kRgb = 231;  // Led_TypeDef
constexpr uint8_t kDefaultBrightness = 96;

// Device OS 2.3.1, struct LEDStatusData, abi/include/device_os/led.h.
constexpr uint32_t kStatusPriority = 12;
constexpr uint32_t kStatusPattern = 13;
constexpr uint32_t kStatusFlags = 14;
constexpr uint32_t kStatusColor = 16;
constexpr uint32_t kStatusPeriod = 20;
constexpr uint8_t kActive = 1;
constexpr uint8_t kOff = 2;

uint32_t signaling_color = 0;
bool signaling = false;
uint8_t brightness = kDefaultBrightness;

// Functions of the application's that get log messages.
uint32_t on_message = 0;
uint32_t on_write = 0;
uint32_t is_enabled = 0;

LedPattern pattern_of(uint8_t number) {
  return number == 2 ? LedPattern::Blink : number == 3 ? LedPattern::Breathe : LedPattern::Solid;
}

LedPriority priority_of(uint8_t number) {
  const int tens = std::clamp((number >> 2) / 10, 1, 4);  // the two lowest bits say whose
  return static_cast<LedPriority>(tens - 1);
}

void set_status_active(Application& app, uint32_t status, int32_t active, uint32_t) {
  const uint8_t flags = app.get<uint8_t>(status + kStatusFlags);
  app.put<uint8_t>(status + kStatusFlags, static_cast<uint8_t>(active ? flags | kActive : flags & ~kActive));
  auto found = std::find(app.led_statuses.begin(), app.led_statuses.end(), status);
  if (active && found == app.led_statuses.end()) app.led_statuses.push_back(status);
  if (!active && found != app.led_statuses.end()) {
    app.led_statuses.erase(found);
    device().led_status(app.bytes(status, 1), std::nullopt);
  }
  show_led_statuses(app);
}

void set_signaling_color(Application&, uint32_t color) { signaling_color = color; }

void set_override(bool on) {
  signaling = on;
  device().led_control(on);
}
void signaling_start(Application&) { set_override(true); }
void signaling_stop(Application&) { set_override(false); }
bool is_overridden(Application&) { return signaling; }

void show(uint32_t color) {
  device().led_color(static_cast<uint8_t>(color >> 16), static_cast<uint8_t>(color >> 8), static_cast<uint8_t>(color));
}
void led_on(Application&, uint8_t led) {
  if (led == kRgb) show(signaling_color);
}
void led_off(Application&, uint8_t led) {
  if (led == kRgb) show(0);
}
void set_brightness(Application&, uint8_t value) { brightness = value; }
uint8_t get_brightness(Application&) { return brightness; }

void panic(Application& app, uint8_t code, uint32_t, uint32_t) { app.panic(code, "panics by itself"); }

void set_callbacks(Application&, uint32_t message, uint32_t write, uint32_t enabled, uint32_t) {
  on_message = message;
  on_write = write;
  is_enabled = enabled;
}

void message(Application& app, int32_t level, uint32_t category, uint32_t attributes, const std::string& text) {
  if (!on_message) return;
  Application::Lent lent(app, text);
  app.call(on_message, {lent.address(), static_cast<uint32_t>(level), category, attributes, 0});
}

void log_message(Application& app, int32_t level, uint32_t category, uint32_t attributes, uint32_t, uint32_t format) {
  message(app, level, category, attributes, formatted(app, app.text(format), Varargs::behind(app, 5)));
}

void log_message_list(Application& app, int32_t level, uint32_t category, uint32_t attributes, uint32_t,
                      uint32_t format, uint32_t list) {
  message(app, level, category, attributes, formatted(app, app.text(format), Varargs::at(app, list)));
}

void log_write(Application& app, int32_t level, uint32_t category, uint32_t data, uint32_t size, uint32_t) {
  if (on_write) app.call(on_write, {data, size, static_cast<uint32_t>(level), category, 0});
}

void write_text(Application& app, int32_t level, uint32_t category, const std::string& text) {
  Application::Lent lent(app, text);
  log_write(app, level, category, lent.address(), static_cast<uint32_t>(text.size()), 0);
}

void log_printf(Application& app, int32_t level, uint32_t category, uint32_t, uint32_t format) {
  write_text(app, level, category, formatted(app, app.text(format), Varargs::behind(app, 4)));
}

void log_printf_list(Application& app, int32_t level, uint32_t category, uint32_t, uint32_t format, uint32_t list) {
  write_text(app, level, category, formatted(app, app.text(format), Varargs::at(app, list)));
}

int32_t log_enabled(Application& app, int32_t level, uint32_t category, uint32_t) {
  return is_enabled ? static_cast<int32_t>(app.call(is_enabled, {static_cast<uint32_t>(level), category, 0})) : 0;
}

// Names stay where they are: an application may keep the pointer.
uint32_t level_name(Application& app, int32_t level, uint32_t) {
  static std::map<std::string, uint32_t> kept;
  const char* name = level >= 60   ? "PANIC"
                     : level >= 50 ? "ERROR"
                     : level >= 40 ? "WARN"
                     : level >= 30 ? "INFO"
                                   : "TRACE";
  uint32_t& address = kept[name];
  if (address == 0) {
    address = app.allocate(8);
    app.write(address, std::string(name) + '\0');
  }
  return address;
}

}  // namespace

void show_led_statuses(Application& app) {
  for (uint32_t status : app.led_statuses) {
    const bool off = app.get<uint8_t>(status + kStatusFlags) & kOff;
    device().led_status(app.bytes(status, 1), LedStatusRecord{off ? 0 : app.get<uint32_t>(status + kStatusColor),
                                                              pattern_of(app.get<uint8_t>(status + kStatusPattern)),
                                                              app.get<uint16_t>(status + kStatusPeriod),
                                                              priority_of(app.get<uint8_t>(status + kStatusPriority))});
  }
}

SystemFunctions services_functions() {
  return {
      serves<set_status_active>("led_set_status_active"),
      serves<set_signaling_color>("LED_SetSignalingColor"),
      serves<signaling_start>("LED_Signaling_Start"),
      serves<signaling_stop>("LED_Signaling_Stop"),
      serves<is_overridden>("LED_RGB_IsOverRidden"),
      serves<led_on>("LED_On"),
      serves<led_off>("LED_Off"),
      serves<set_brightness>("LED_SetBrightness"),
      serves<get_brightness>("Get_LED_Brightness"),
      serves<panic>("panic_"),
      serves<set_callbacks>("log_set_callbacks"),
      serves<log_message>("log_message"),
      serves<log_message_list>("log_message_v"),
      serves<log_write>("log_write"),
      serves<log_printf>("log_printf"),
      serves<log_printf_list>("log_printf_v"),
      serves<log_enabled>("log_enabled"),
      serves<level_name>("log_level_name"),
  };
}

}  // namespace vphoton::system
