// The Photon as its firmware sees it.
#include <algorithm>

#include "base/hex.h"
#include "base/log.h"
#include "device/photon.h"
#include "machine/memory.h"
#include "system/services/system_events.h"

namespace vphoton {
namespace {

// Device OS 2.3.1, system configuration items.
constexpr int kConfigSoftApPrefix = 3;
constexpr int kConfigSoftApSuffix = 4;
constexpr int kConfigSoftApHostNames = 5;
constexpr int kUnknownItem = -1;
constexpr int kFeatureRetainedMemory = 1;

// Wiring security and cipher numbers in WICED's terms.
uint32_t wiced_security(int security, int cipher) {
  static constexpr uint32_t kCiphers[] = {0, wiced::kAes, wiced::kTkip, wiced::kAes | wiced::kTkip};
  uint32_t suite = cipher >= 0 && cipher <= 3 ? kCiphers[cipher] : 0;
  switch (security) {
    case 0:
      return wiced::kOpen;
    case 1:
      return wiced::kWepPsk;
    case 2:
      return wiced::kWpa | suite;
    case 3:
      return wiced::kWpa2 | suite;
    default:
      return wiced::kUnknown;
  }
}

}  // namespace

uint32_t Photon::millis() { return static_cast<uint32_t>(uptime_ms()); }

uint32_t Photon::micros() { return static_cast<uint32_t>(uptime_us()); }

void Photon::delay(uint32_t ms) {
  uint64_t until = reactor_.now_us() + static_cast<uint64_t>(ms) * 1000;
  do {
    uint64_t now = reactor_.now_us();
    uint64_t left = until > now ? (until - now + 999) / 1000 : 0;
    reactor_.run_once(static_cast<int>(std::min<uint64_t>(left, 60000)));
  } while (reactor_.now_us() < until);
}

// The session with the cloud stands still meanwhile, unless the application has a thread of its own.
void Photon::round_without_application(int max_wait_ms) {
  announce();
  bool paused = reactor_.paused();
  reactor_.pause(!user_part_ || !user_part_->threaded());
  reactor_.run_once(max_wait_ms);
  reactor_.pause(paused);
}

void Photon::process() {
  bool paused = reactor_.paused();
  reactor_.pause(false);
  reactor_.run_once(0);
  reactor_.pause(paused);
}

Reactor::TimerId Photon::start_timer(uint32_t ms, std::function<void()> handler) {
  return reactor_.after(ms, std::move(handler));
}

uint32_t Photon::unix_time() {
  return static_cast<uint32_t>((static_cast<int64_t>(reactor_.now_ms()) + time_offset_ms_) / 1000);
}

void Photon::set_unix_time(uint32_t t) {
  time_offset_ms_ = static_cast<int64_t>(t) * 1000 - static_cast<int64_t>(reactor_.now_ms());
  time_valid_ = true;
  fire(system_event::kTimeChanged, system_event::kTimeManual);
}

void Photon::request_time() {
  time_requested_ = true;
  cloud_.sync_time();
}

std::string Photon::device_id() { return to_hex(id_); }

uint32_t Photon::free_memory() const { return user_part_ ? user_part_->free_memory() : machine::kRamSize; }

uint32_t Photon::total_memory() const { return user_part_ ? user_part_->total_memory() : machine::kRamSize; }

// Of the features of a Photon only retained memory needs anything here: reset information is on in an erased DCT.
void Photon::enable_feature(int feature) {
  log_state("feature %d enabled", feature);
  if (feature != kFeatureRetainedMemory) return;
  retained_.enable();
}

void Photon::attach_retained_memory(void* begin, size_t size) { retained_.attach(begin, size); }

int Photon::setup_button_ms() {
  return setup_pressed_ms_ ? std::max(1, static_cast<int>(reactor_.now_ms() - *setup_pressed_ms_)) : 0;
}

void Photon::wifi_power(bool on) {
  if (wifi_on_ == on) return;
  fire(system_event::kNetworkStatus, on ? system_event::kNetworkPoweringOn : system_event::kNetworkPoweringOff);
  wifi_on_ = on;
  if (!on) wifi_->disconnect();
  fire(system_event::kNetworkStatus, on ? system_event::kNetworkOn : system_event::kNetworkOff);
}

void Photon::led_status(const void* owner, std::optional<LedStatusRecord> record) {
  auto found = std::find(led_owners_.begin(), led_owners_.end(), owner);
  if (found != led_owners_.end()) {
    led_statuses_.erase(led_statuses_.begin() + (found - led_owners_.begin()));
    led_owners_.erase(found);
  }
  if (!record) return;
  led_statuses_.push_back(*record);
  led_owners_.push_back(owner);
}

bool Photon::read_dct(size_t offset, void* data, size_t size) {
  if (offset > dct::kSize || size > dct::kSize - offset) return false;
  dct_->read(offset, size).copy(static_cast<char*>(data), size);
  return true;
}

int Photon::set_config(int item, const std::string& value) {
  switch (item) {
    case kConfigSoftApPrefix:
      return dct_->set_softap_prefix(value) ? 0 : kUnknownItem;
    case kConfigSoftApSuffix:
      return dct_->set_softap_suffix(value) ? 0 : kUnknownItem;
    case kConfigSoftApHostNames:
      return dct_->set_dns_names(value) ? 0 : kUnknownItem;
    default:
      return kUnknownItem;
  }
}

void Photon::on_system_event(uint64_t events, std::function<void(uint64_t event, int param)> handler) {
  event_handlers_.emplace_back(events, std::move(handler));
}

void Photon::listen(bool on) {
  if (on)
    enter_listening();
  else
    leave_listening();
}

void Photon::set_listen_timeout(uint32_t seconds) {
  listen_timeout_s_ = seconds;
  reactor_.cancel(listen_timeout_);
  listen_timeout_ = 0;
  if (listening_ && seconds > 0)
    listen_timeout_ = reactor_.after(static_cast<uint64_t>(seconds) * 1000, [this] { leave_listening(); });
}

bool Photon::set_credentials(const std::string& ssid, const std::string& password, int security, int cipher) {
  return store_network(ssid, password, wiced_security(security, cipher), EapConfig()) == kCredentialsStored;
}

bool Photon::clear_credentials() {
  if (!credentials_->clear() || !enterprise_->clear()) return false;
  fire(system_event::kNetworkCredentials, system_event::kCredentialsCleared);
  return true;
}

std::string Photon::wifi_ssid() { return wifi_ready() ? wifi_->access_point().ssid : ""; }

int Photon::wifi_rssi() { return wifi_ready() ? wifi_->access_point().rssi : 2; }

// The vendor's prefix and the end of the device id: a choice.
std::array<uint8_t, 6> Photon::mac_address() {
  auto byte_at = [this](size_t i) { return static_cast<uint8_t>(id_[i]); };
  return {0xE0, 0x4F, 0x43, byte_at(9), byte_at(10), byte_at(11)};
}

// A processor that executes from flash waits for the end of an erasure, with its interrupts.
void Photon::erase_page_of_eeprom(uint32_t ms) {
  const bool in_motion = wiring_ && wiring_->moves();
  if (in_motion) ++erasures_in_motion_;
  log_state("a page of the EEPROM is erased%s", in_motion ? " in motion" : "");
  stand_still(ms);
}

void Photon::attach_interrupt(int pin, int mode, std::function<void()> handler) {
  pins_.attach_interrupt(pin, mode, std::move(handler));
}

}  // namespace vphoton
