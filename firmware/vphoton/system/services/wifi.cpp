#include "system/services/wifi.h"

#include <utility>

#include "base/log.h"
#include "system/services/association.h"

namespace vphoton {
namespace {

// Choices: a real Photon needs seconds for either; nobody at a bench gains from waiting.
constexpr uint64_t kJoinMs = 20;
constexpr uint64_t kRetryMs = 1000;

}  // namespace

Wifi::Wifi(Reactor& reactor, const WifiCredentials& credentials, const EnterpriseCredentials& enterprise)
    : reactor_(reactor), credentials_(credentials), enterprise_(enterprise) {}

Wifi::~Wifi() { reactor_.cancel(timer_); }

void Wifi::connect() {
  if (state_ != State::Off) return;
  try_in(kJoinMs);
  set_state(State::Connecting);
}

void Wifi::disconnect() {
  reactor_.cancel(std::exchange(timer_, 0));
  set_state(State::Off);
}

void Wifi::set_state(State state) {
  if (std::exchange(state_, state) != state && changed_) changed_();
}

void Wifi::try_in(uint64_t delay_ms) {
  reactor_.cancel(timer_);
  timer_ = reactor_.after(delay_ms, [this] {
    timer_ = 0;
    try_join();
  });
}

void Wifi::try_join() {
  ++attempts_;
  AccessPoint found;
  if (can_join(found)) {
    joined_ = found;
    log_state("joined Wi-Fi network \"%s\"", joined_.ssid.c_str());
    set_state(State::Up);
    return;
  }
  log_state("no stored Wi-Fi network can be joined");
  try_in(kRetryMs);
  if (join_failed_) join_failed_();
}

bool Wifi::can_join(AccessPoint& found) const {
  for (const auto& network : credentials_.list()) {
    for (const auto& point : reached()) {
      if (!admits(point, network, point.security & wiced::kEnterprise ? enterprise_.load() : EapConfig())) continue;
      found = point;
      return true;
    }
  }
  return false;
}

std::vector<AccessPoint> Wifi::reached() const { return available_ ? air_ : std::vector<AccessPoint>(); }

std::vector<AccessPoint> Wifi::scan() const {
  std::vector<AccessPoint> heard;
  for (const auto& point : reached())
    if (!point.hidden) heard.push_back(point);
  return heard;
}

void Wifi::set_air(std::vector<AccessPoint> air) {
  air_ = std::move(air);
  air_changed();
}

void Wifi::set_available(bool on) {
  available_ = on;
  air_changed();
}

void Wifi::air_changed() {
  if (state_ == State::Off) return;
  AccessPoint found;
  if (state_ == State::Up && can_join(found) && found.ssid == joined_.ssid) {
    joined_ = found;
    return;
  }
  if (state_ == State::Up) log_state("Wi-Fi network \"%s\" is gone", joined_.ssid.c_str());
  try_in(kJoinMs);
  set_state(State::Connecting);
}

}  // namespace vphoton
