// The Photon asleep: nothing answers but the control socket, which is no part of it.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "device/photon.h"

namespace vphoton {
namespace {

constexpr int kWakePin = 17;  // WKP is A7
constexpr int kRising = 2;
constexpr int kFalling = 3;
constexpr uint64_t kLongestWaitMs = 60000;

bool woken(int mode, int before, int after) {
  if (before == after) return false;
  return after ? mode != kFalling : mode != kRising;
}

bool woken(const WakeAnalog& source, int before, int now) {
  switch (source.when) {
    case WakeAnalog::kAbove:
      return now > source.level;
    case WakeAnalog::kBelow:
      return now < source.level;
    case WakeAnalog::kCross:
      return (before >= source.level) != (now >= source.level);
  }
  return false;
}

}  // namespace

void Photon::go_quiet() {
  if (listening_) {
    tcp_service_.stop();
    http_service_.stop();
    reactor_.cancel(listening_timer_);
    listening_ = false;
  }
  cloud_.disconnect();
  wifi_->disconnect();
  asleep_ = true;
}

void Photon::sleep_wifi(uint32_t ms) {
  bool cloud_wanted = cloud_.wanted();
  log_state("Wi-Fi sleeps for %u ms", ms);
  cloud_.disconnect();
  wifi_power(false);
  if (ms == 0) return;
  reactor_.after(ms, [this, cloud_wanted] {
    wifi_connect();
    if (cloud_wanted) cloud_.connect();
  });
}

Wake Photon::sleep_until(const WakeSources& sources, uint32_t ms) {
  bool cloud_wanted = cloud_.wanted(), wifi_wanted = wifi_->state() != Wifi::State::Off;
  log_state("sleeps until %zu pins, %u ms", sources.pins.size() + sources.analogs.size(), ms);
  go_quiet();
  const Wake wake = wait_asleep(sources, ms);
  asleep_ = false;
  log_state("awake");
  if (wifi_wanted) wifi_connect();
  if (cloud_wanted) cloud_.connect();
  return wake;
}

void Photon::sleep_deep(uint32_t ms, bool wkp) {
  log_state("sleeps for %u ms, then starts anew", ms);
  go_quiet();
  WakeSources sources;
  if (wkp) sources.pins.push_back({kWakePin, kRising});
  wait_asleep(sources, ms);
  Photon::reset(ResetReason::PowerManagement, 0);
}

Wake Photon::wait_asleep(const WakeSources& sources, uint32_t ms) {
  std::vector<int> levels, values;
  for (const WakePin& each : sources.pins) levels.push_back(pins_.read(each.pin));
  for (const WakeAnalog& each : sources.analogs) values.push_back(pins_.analog_read(each.pin));
  const size_t received = uart_.available();
  const uint64_t until = reactor_.now_ms() + ms;
  while (true) {
    for (size_t i = 0; i < levels.size(); ++i) {
      const int level = pins_.read(sources.pins[i].pin);
      if (woken(sources.pins[i].mode, std::exchange(levels[i], level), level))
        return {Wake::By::Pin, sources.pins[i].pin};
    }
    for (size_t i = 0; i < values.size(); ++i)
      if (woken(sources.analogs[i], values[i], pins_.analog_read(sources.analogs[i].pin)))
        return {Wake::By::Analog, sources.analogs[i].pin};
    if (sources.serial1 && uart_.available() > received) return {Wake::By::Serial1, 0xFFFF};
    const uint64_t now = reactor_.now_ms();
    if (ms != 0 && now >= until) return {};
    reactor_.run_once(ms == 0 ? -1 : static_cast<int>(std::min<uint64_t>(until - now, kLongestWaitMs)));
  }
}

}  // namespace vphoton
