// Table system, sleep. What a configuration may hold is Device OS 2.3.1's, sleep_hal.cpp of the STM32F2.
#include <algorithm>
#include <vector>

#include "system/registers.h"
#include "system/serve.h"

namespace vphoton::system {
namespace {

constexpr uint8_t kDeepSleep = 1;
constexpr uint32_t kWkpDisabled = 2;  // SLEEP_DISABLE_WKP_PIN
constexpr int32_t kNotSupported = -120, kLimitExceeded = -200, kInvalidState = -210, kNoMemory = -260,
                  kInvalidArgument = -270;
constexpr uint16_t kWkp = 17;  // A7
constexpr uint32_t kLeastTimeMs = 1000;
constexpr uint32_t kMillivolts = 3300;
constexpr int kAnalogFull = 4095;

// struct hal_sleep_config_t and its sources, abi/include/device_os/sleep.h.
enum SleepMode : uint8_t { kStop = 1, kUltraLowPower = 2, kHibernate = 3, kMostMode = 0x7F };
enum SourceType : uint16_t { kGpio = 1, kRtc = 4, kAnalog = 5, kUsart = 6, kNetwork = 14 };
constexpr uint32_t kConfigMode = 4, kConfigSources = 12;
constexpr uint32_t kSourceType = 4, kSourceNext = 8, kSourceValue = 12, kSourceEdge = 14, kSourceVolts = 14,
                   kSourceTrigger = 16, kSourceFlags = 14;
constexpr uint32_t kSourceSize = 16, kAnalogSize = 20;
constexpr uint16_t kSourceVersion = 3;
constexpr uint16_t kInactiveStandby = 1;
constexpr unsigned kMostSources = 64;  // a list without an end; a choice

struct Configuration {
  uint8_t mode = 0;
  WakeSources sources;
  bool wkp = false;
  uint32_t ms = 0;
};

// Wiring's modes of pins: an edge to be seen needs the level before it.
void listen(Application& app, uint16_t pin, uint8_t edge) {
  static constexpr PinMode kModes[] = {PinMode::Input, PinMode::InputPulldown, PinMode::InputPullup};
  static constexpr uint8_t kWiring[] = {0, 3, 2};
  app.pin_modes[pin] = kWiring[edge];
  app.device().pin_mode(pin, kModes[edge]);
}

bool has_adc(uint16_t pin) { return pin < kMappedPins && kPinPlaces[pin].adc != 0xFF; }

int32_t add_gpio(Application& app, uint32_t at, Configuration& to) {
  const auto pin = app.get<uint16_t>(at + kSourceValue);
  const auto edge = app.get<uint8_t>(at + kSourceEdge);
  if (edge > 2) return kInvalidArgument;
  if (to.mode == kHibernate) {
    if (pin != kWkp) return kNotSupported;
    to.wkp = true;
    return 0;
  }
  if (pin >= kMappedPins) return kLimitExceeded;
  to.sources.pins.push_back({pin, edge + 1});
  return 0;
}

int32_t add_analog(Application& app, uint32_t at, Configuration& to) {
  const auto pin = app.get<uint16_t>(at + kSourceValue);
  const auto trigger = app.get<uint8_t>(at + kSourceTrigger);
  if (!has_adc(pin) || trigger > 2) return kInvalidArgument;
  if (to.mode != kStop) return kNotSupported;
  const uint32_t level = app.get<uint16_t>(at + kSourceVolts) * uint32_t{kAnalogFull} / kMillivolts;
  to.sources.analogs.push_back({pin, static_cast<int>(level & 0xFFF), static_cast<WakeAnalog::When>(trigger)});
  return 0;
}

int32_t add_source(Application& app, uint32_t at, Configuration& to) {
  switch (app.get<uint16_t>(at + kSourceType)) {
    case kGpio:
      return add_gpio(app, at, to);
    case kRtc: {
      const auto ms = app.get<uint32_t>(at + kSourceValue);
      if (ms < kLeastTimeMs) return kInvalidArgument;
      to.ms = ms / 1000 * 1000;  // the clock's alarm has seconds
      return 0;
    }
    case kAnalog:
      return add_analog(app, at, to);
    case kUsart:
      if (app.get<uint8_t>(at + kSourceValue) != 0 || app.device().uart().baud() == 0) return kInvalidState;
      if (to.mode != kStop) return kNotSupported;
      to.sources.serial1 = true;
      return 0;
    case kNetwork:  // a Photon's cannot wake it; it may stay in standby, which is a choice not to model
      return app.get<uint16_t>(at + kSourceFlags) & kInactiveStandby ? 0 : kNotSupported;
    default:
      return kNotSupported;
  }
}

int32_t read(Application& app, uint32_t config, Configuration& to) {
  if (!config) return kInvalidArgument;
  to.mode = app.get<uint8_t>(config + kConfigMode);
  if (to.mode == 0 || to.mode >= kMostMode) return kInvalidArgument;
  if (to.mode > kHibernate) return kNotSupported;
  unsigned count = 0;
  for (uint32_t at = app.get<uint32_t>(config + kConfigSources); at; at = app.get<uint32_t>(at + kSourceNext)) {
    if (++count > kMostSources) return kInvalidArgument;
    if (const int32_t error = add_source(app, at, to)) return error;
  }
  return count == 0 && to.mode != kHibernate ? kInvalidArgument : 0;
}

// What woke it, in the application's memory, which frees it.
int32_t tell(Application& app, const Wake& wake, uint32_t to) {
  if (!to) return 0;
  const uint16_t type = wake.by == Wake::By::Pin       ? kGpio
                        : wake.by == Wake::By::Analog  ? kAnalog
                        : wake.by == Wake::By::Serial1 ? kUsart
                                                       : kRtc;
  const uint32_t size = type == kAnalog ? kAnalogSize : kSourceSize;
  const uint32_t at = app.heap().allocate(size);
  if (!at) return kNoMemory;
  std::fill_n(app.writable(at, size), size, uint8_t{0});
  app.put<uint16_t>(at, static_cast<uint16_t>(size));
  app.put<uint16_t>(at + 2, kSourceVersion);
  app.put<uint16_t>(at + kSourceType, type);
  if (type == kGpio || type == kAnalog) app.put<uint16_t>(at + kSourceValue, static_cast<uint16_t>(wake.pin));
  app.put<uint32_t>(to, at);
  return 0;
}

int32_t sleep_ext(Application& app, uint32_t config, uint32_t woken_by, uint32_t) {
  Configuration wanted;
  if (const int32_t error = read(app, config, wanted)) return error;
  if (wanted.mode == kHibernate) app.device().sleep_deep(wanted.ms, wanted.wkp);
  for (const WakePin& each : wanted.sources.pins)
    listen(app, static_cast<uint16_t>(each.pin), static_cast<uint8_t>(each.mode - 1));
  return tell(app, app.device().sleep_until(wanted.sources, wanted.ms), woken_by);
}

uint32_t milliseconds(int32_t seconds) { return static_cast<uint32_t>(std::max(seconds, 0)) * 1000; }

int32_t sleep(Application& app, uint8_t mode, int32_t seconds, uint32_t flags, uint32_t) {
  if (mode == kDeepSleep) app.device().sleep_deep(milliseconds(seconds), !(flags & kWkpDisabled));
  app.device().sleep_wifi(milliseconds(seconds));
  return 0;
}

// The place of the pin that woke it, from 1 on; 0: the time. One edge is for all pins.
int32_t sleep_pins(Application& app, uint32_t pins, uint32_t count, uint32_t edges, uint32_t edge_count,
                   int32_t seconds, uint32_t, uint32_t) {
  if (!pins || !edges || count == 0 || count > kMappedPins || edge_count == 0) return kInvalidArgument;
  WakeSources sources;
  for (uint32_t i = 0; i < count; ++i) {
    const auto pin = app.get<uint16_t>(pins + 2 * i);
    const auto edge = app.get<uint8_t>(edges + std::min(i, edge_count - 1));
    if (pin >= kMappedPins || edge > 2) return kInvalidArgument;
    listen(app, pin, edge);
    sources.pins.push_back({pin, edge + 1});
  }
  const Wake wake = app.device().sleep_until(sources, milliseconds(seconds));
  for (uint32_t i = 0; wake.by == Wake::By::Pin && i < count; ++i)
    if (sources.pins[i].pin == wake.pin) return static_cast<int32_t>(i) + 1;
  return 0;
}

int32_t sleep_pin(Application& app, uint16_t pin, uint16_t edge, int32_t seconds, uint32_t, uint32_t) {
  if (pin >= kMappedPins || edge > 2) return kInvalidArgument;
  listen(app, pin, static_cast<uint8_t>(edge));
  const Wake wake = app.device().sleep_until({{{pin, edge + 1}}, {}, false}, milliseconds(seconds));
  return wake.by == Wake::By::Pin ? 1 : 0;
}

}  // namespace

SystemFunctions system_sleep_functions() {
  return {
      serves<sleep>("system_sleep"),
      serves<sleep_pin>("system_sleep_pin"),
      serves<sleep_pins>("system_sleep_pins"),
      serves<sleep_ext>("system_sleep_ext"),
  };
}

}  // namespace vphoton::system
