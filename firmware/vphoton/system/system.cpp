// Table system: modes, waiting, events, flags, versions, resets, and requests over USB for the application.
#include <algorithm>
#include <map>

#include "system/led.h"
#include "system/serve.h"

namespace vphoton::system {
namespace {

// Device OS 2.3.1, abi/include/device_os/system.h.
enum Flag : uint8_t { kUpdatePending = 0, kUpdateEnabled = 1, kResetEnabled = 3, kUpdateForced = 9, kFlags = 10 };
enum ResetMode : uint32_t { kNormal = 1, kDfu = 2, kSafe = 3, kFactory = 4 };
constexpr uint8_t kDefault = 0;
constexpr uint8_t kSafeMode = 4;
constexpr int32_t kNotSupported = -120;
constexpr uint32_t kUsbMutex = 0x7C000000;  // of Serial; only passed on
constexpr uint32_t kVersionText = 20;

struct Subscriber {
  uint64_t events;
  uint32_t handler;
};

struct Kept {
  uint8_t flags[kFlags] = {0, 1, 0, 1};
  std::vector<Subscriber> subscribers;
};

uint8_t get_mode(Application& app) { return static_cast<uint8_t>(app.mode); }
// DEFAULT comes from the object System, before or after what SYSTEM_MODE() says: it changes nothing.
void set_mode(Application& app, uint8_t mode) {
  if (mode != kDefault && mode <= kSafeMode) app.mode = static_cast<SystemMode>(mode);
}

void set_thread(Application& app, uint8_t state, uint32_t) { app.has_thread = state != 0; }
uint8_t get_thread(Application& app, uint32_t) { return app.has_thread; }

void wait_ms(Application& app, uint32_t ms, bool) {
  show_led_statuses(app);
  app.wait_ms(ms);
}

// One handler of the device's for each subscription; it stays, and looks whether the subscription does.
int32_t subscribe(Application& app, uint64_t events, uint32_t handler, uint32_t) {
  auto& subscribers = app.state<Kept>().subscribers;
  const size_t number = subscribers.size();
  subscribers.push_back({events, handler});
  app.device().on_system_event(events, [&app, number](uint64_t event, int param) {
    if (!(app.state<Kept>().subscribers[number].events & event)) return;
    app.when_released([&app, number, event, param] {
      app.call(app.state<Kept>().subscribers[number].handler,
               {static_cast<uint32_t>(event), static_cast<uint32_t>(event >> 32), static_cast<uint32_t>(param), 0});
    });
  });
  return 0;
}

void unsubscribe(Application& app, uint64_t events, uint32_t handler, uint32_t) {
  for (auto& subscriber : app.state<Kept>().subscribers)
    if (handler == 0 || subscriber.handler == handler) subscriber.events &= ~events;
}

uint16_t button_ms(Application& app, uint8_t button, uint32_t) {
  return button == 0 ? static_cast<uint16_t>(std::min(app.device().setup_button_ms(), 0xFFFF)) : uint16_t{0};
}

// struct SystemVersionInfo; older ones end before the text.
int32_t version_info(Application& app, uint32_t at, uint32_t) {
  const uint16_t size = at ? app.get<uint16_t>(at) : uint16_t{0};
  if (size >= 8) app.put<uint32_t>(at + 4, app.device().system_version_number());
  if (size > 8) {
    std::string text = app.device().system_version();
    text.resize(std::min<uint32_t>(size - 8u, kVersionText) - 1, '\0');
    app.write(at + 8, text + '\0');
  }
  return static_cast<int32_t>(app.device().system_version_number());
}

uint32_t internal(Application&, int32_t item, uint32_t) { return item == 2 ? kUsbMutex : 0; }

int32_t set_flag(Application& app, uint8_t flag, uint8_t value, uint32_t) {
  if (flag >= kFlags) return -1;
  app.state<Kept>().flags[flag] = value;
  if (flag == kUpdateEnabled) app.device().set_updates_enabled(value != 0);
  return 0;
}

int32_t get_flag(Application& app, uint8_t flag, uint32_t to, uint32_t) {
  if (flag >= kFlags) return -1;
  const uint8_t value = flag == kUpdatePending   ? app.device().updates_pending()
                        : flag == kUpdateEnabled ? app.device().updates_enabled()
                        : flag == kUpdateForced  ? app.device().updates_forced()
                                                 : app.state<Kept>().flags[flag];
  app.put_if<uint8_t>(to, value);
  return 0;
}

uint8_t on_own_thread(Application& app, uint32_t) { return &app.threads().current() == &app.threads().main(); }

uint8_t invoke(Application& app, uint32_t function, uint32_t data, uint32_t) {
  app.device().start_timer(0, [&app, function, data] { app.call(function, {data}); });
  return 1;
}

int32_t reset(Application& app, uint32_t mode, uint32_t reason, uint32_t value, uint32_t, uint32_t) {
  if (mode == kNormal) app.device().reset(reason ? static_cast<ResetReason>(reason) : ResetReason::User, value);
  if (mode == kDfu) app.device().reset(ResetReason::DfuMode, 0);
  if (mode == kSafe) app.device().reset(ResetReason::SafeMode, 0);
  if (mode == kFactory) app.device().reset(ResetReason::FactoryReset, 0);
  return kNotSupported;
}

// Periods in milliseconds by pattern and speed (10 slow, 20, 30 fast).
uint16_t pattern_period(Application&, int32_t pattern, int32_t speed, uint32_t) {
  static constexpr uint16_t kBlink[] = {500, 200, 100};
  static constexpr uint16_t kFade[] = {8000, 4000, 1000};
  const int32_t row = std::clamp(speed / 10, 1, 3) - 1;
  return pattern == 2 ? kBlink[row] : pattern == 3 ? kFade[row] : uint16_t{0};
}

// No request of a host ever reaches the application.
void set_request_handler(Application&, uint32_t, uint32_t) {}
int32_t set_ctrl_handler(Application&, uint32_t, uint32_t) { return 0; }
void set_request_result(Application&, uint32_t, int32_t, uint32_t) {}
void set_ctrl_result(Application&, uint32_t, int32_t, uint32_t, uint32_t, uint32_t) {}

}  // namespace

SystemFunctions system_functions() {
  return {
      serves<get_mode>("system_mode"),
      serves<set_mode>("set_system_mode"),
      serves<set_thread>("system_thread_set_state"),
      serves<get_thread>("system_thread_get_state"),
      serves<wait_ms>("system_delay_ms"),
      serves<subscribe>("system_subscribe_event"),
      serves<unsubscribe>("system_unsubscribe_event"),
      serves<button_ms>("system_button_pushed_duration"),
      serves<version_info>("system_version_info"),
      serves<internal>("system_internal"),
      serves<set_flag>("system_set_flag"),
      serves<get_flag>("system_get_flag"),
      serves<on_own_thread>("application_thread_current"),
      serves<on_own_thread>("main_thread_current"),
      serves<invoke>("application_thread_invoke"),
      serves<reset>("system_reset"),
      serves<pattern_period>("led_pattern_period"),
      serves<set_request_handler>("system_set_usb_request_app_handler"),
      serves<set_request_result>("system_set_usb_request_result"),
      serves<set_ctrl_handler>("system_ctrl_set_app_request_handler"),
      serves<set_ctrl_result>("system_ctrl_set_result"),
  };
}

}  // namespace vphoton::system
