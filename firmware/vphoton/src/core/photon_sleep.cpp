// The Photon asleep: nothing answers but the control socket, which is no part of it.
#include "core/log.h"
#include "core/photon.h"

namespace vphoton {
namespace {

constexpr int kWakePin = 17;  // WKP is A7
constexpr int kRising = 2;
constexpr int kFalling = 3;

bool woken(int mode, int before, int after) {
  if (before == after) return false;
  return after ? mode != kFalling : mode != kRising;
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

Wake Photon::sleep_until(int pin, int mode, uint32_t ms) {
  bool cloud_wanted = cloud_.wanted(), wifi_wanted = wifi_->state() != Wifi::State::Off;
  log_state("sleeps until pin %d changes", pin);
  go_quiet();
  uint64_t until = reactor_.now_ms() + ms;
  Wake wake;
  for (int before = pins_.read(pin); !wake.by_pin && (ms == 0 || reactor_.now_ms() < until);) {
    uint64_t now = reactor_.now_ms();
    reactor_.run_once(ms == 0 ? -1 : static_cast<int>(until > now ? until - now : 0));
    int after = pins_.read(pin);
    if (woken(mode, before, after)) wake = {true, pin};
    before = after;
  }
  asleep_ = false;
  log_state("awake");
  if (wifi_wanted) wifi_connect();
  if (cloud_wanted) cloud_.connect();
  return wake;
}

void Photon::sleep_deep(uint32_t ms) {
  log_state("sleeps for %u ms, then starts anew", ms);
  go_quiet();
  uint64_t until = reactor_.now_ms() + ms;
  for (int before = pins_.read(kWakePin); ms == 0 || reactor_.now_ms() < until;) {
    uint64_t now = reactor_.now_ms();
    reactor_.run_once(ms == 0 ? -1 : static_cast<int>(until > now ? until - now : 0));
    int after = pins_.read(kWakePin);
    if (woken(kRising, before, after)) break;
    before = after;
  }
  Photon::reset(ResetReason::PowerManagement, 0);
}

}  // namespace vphoton
