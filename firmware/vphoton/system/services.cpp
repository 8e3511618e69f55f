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

struct Kept {
  uint32_t signaling_color = 0;
  bool signaling = false;
  uint8_t brightness = kDefaultBrightness;
  // Functions of the application's that get log messages.
  uint32_t on_message = 0;
  uint32_t on_write = 0;
  uint32_t is_enabled = 0;
  std::map<std::string, uint32_t> level_names;  // their addresses
};

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
    app.device().led_status(app.bytes(status, 1), std::nullopt);
  }
  show_led_statuses(app);
}

void set_signaling_color(Application& app, uint32_t color) { app.state<Kept>().signaling_color = color; }

void set_override(Application& app, bool on) {
  app.state<Kept>().signaling = on;
  app.device().led_control(on);
}
void signaling_start(Application& app) { set_override(app, true); }
void signaling_stop(Application& app) { set_override(app, false); }
bool is_overridden(Application& app) { return app.state<Kept>().signaling; }

void show(Application& app, uint32_t color) {
  app.device().led_color(static_cast<uint8_t>(color >> 16), static_cast<uint8_t>(color >> 8),
                         static_cast<uint8_t>(color));
}
void led_on(Application& app, uint8_t led) {
  if (led == kRgb) show(app, app.state<Kept>().signaling_color);
}
void led_off(Application& app, uint8_t led) {
  if (led == kRgb) show(app, 0);
}
void set_brightness(Application& app, uint8_t value) { app.state<Kept>().brightness = value; }
uint8_t get_brightness(Application& app) { return app.state<Kept>().brightness; }

void panic(Application& app, uint8_t code, uint32_t, uint32_t) { app.panic(code, "panics by itself"); }

void set_callbacks(Application& app, uint32_t message, uint32_t write, uint32_t enabled, uint32_t) {
  auto& kept = app.state<Kept>();
  kept.on_message = message;
  kept.on_write = write;
  kept.is_enabled = enabled;
}

void message(Application& app, int32_t level, uint32_t category, uint32_t attributes, const std::string& text) {
  const uint32_t on_message = app.state<Kept>().on_message;
  if (!on_message) return;
  Application::Lent lent(app, text);
  app.call_back(on_message, {lent.address(), static_cast<uint32_t>(level), category, attributes, 0});
}

void log_message(Application& app, int32_t level, uint32_t category, uint32_t attributes, uint32_t, uint32_t format) {
  message(app, level, category, attributes, formatted(app, app.text(format), Varargs::behind(app, 5)));
}

void log_message_list(Application& app, int32_t level, uint32_t category, uint32_t attributes, uint32_t,
                      uint32_t format, uint32_t list) {
  message(app, level, category, attributes, formatted(app, app.text(format), Varargs::at(app, list)));
}

void log_write(Application& app, int32_t level, uint32_t category, uint32_t data, uint32_t size, uint32_t) {
  if (const uint32_t on_write = app.state<Kept>().on_write)
    app.call_back(on_write, {data, size, static_cast<uint32_t>(level), category, 0});
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
  const uint32_t is_enabled = app.state<Kept>().is_enabled;
  return is_enabled ? static_cast<int32_t>(app.call_back(is_enabled, {static_cast<uint32_t>(level), category, 0})) : 0;
}

// Names stay where they are: an application may keep the pointer.
uint32_t level_name(Application& app, int32_t level, uint32_t) {
  const char* name = level >= 60   ? "PANIC"
                     : level >= 50 ? "ERROR"
                     : level >= 40 ? "WARN"
                     : level >= 30 ? "INFO"
                                   : "TRACE";
  uint32_t& address = app.state<Kept>().level_names[name];
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
    app.device().led_status(app.bytes(status, 1),
                            LedStatusRecord{off ? 0 : app.get<uint32_t>(status + kStatusColor),
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
