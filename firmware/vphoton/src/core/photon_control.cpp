// The Photon as its bench sees it: hands, wires, air and power.
#include "core/hex.h"
#include "core/log.h"
#include "core/photon.h"
#include "core/system_events.h"

namespace vphoton {
namespace {

// Device OS 2.3.1, SETUP button while running.
constexpr int kListenHoldMs = 3000;
constexpr int kLeaveMostMs = 8000;
constexpr int kEraseHoldMs = 10000;

std::string done() { return JsonObject().add("ok", true).str(); }

std::string led_json(const char* color, const char* pattern) {
  return JsonObject().add("color", color).add("pattern", pattern).str();
}

const char* cloud_state_name(CloudHost::CloudState state) {
  switch (state) {
    case CloudHost::CloudState::Disconnected:
      return "disconnected";
    case CloudHost::CloudState::Connecting:
      return "connecting";
    case CloudHost::CloudState::Handshaking:
      return "handshaking";
    case CloudHost::CloudState::Connected:
      return "connected";
  }
  return "";
}

}  // namespace

std::string Photon::control(const JsonValue& request) {
  auto what = request.string_at("do");
  if (!what) return control_error("\"do\" is missing");
  if (*what == "status") return status();
  if (*what == "reset") {
    reactor_.after(0, [this] { reset(ResetReason::PinReset, 0); });
    return done();
  }
  if (*what == "power") {
    auto on = request.bool_at("on");
    if (!on || *on) return control_error("power: only \"on\":false; to switch on, start vphoton again");
    reactor_.after(0, [this] { end(false); });
    return done();
  }
  if (*what == "fault") return fault(request);
  if (auto answer = usb(*what, request)) return *answer;
  if (dfu_) return control_error(*what + ": the device is in DFU mode; reset it first");
  if (*what == "setup_button") {
    auto hold = request.int_at("hold_ms");
    if (!hold || *hold < 0) return control_error("setup_button needs \"hold_ms\", the milliseconds it is held");
    return press_setup_button(*hold);
  }
  if (*what == "air") {
    const JsonValue* networks = request.find("networks");
    std::string reason = "air needs \"networks\"";
    auto air = networks ? parse_air(*networks, &reason) : std::nullopt;
    if (!air) return control_error(reason);
    wifi_->set_air(*air);
    return done();
  }
  if (*what == "wifi") {
    auto available = request.bool_at("available");
    if (!available) return control_error("wifi needs \"available\", true or false");
    wifi_->set_available(*available);
    return done();
  }
  if (*what == "pin") {
    auto pin = request.int_at("pin"), level = request.int_at("level");
    if (!pin || !level || !pins_.drive(*pin, *level))
      return control_error("pin needs \"pin\" 0 to 24 and \"level\" 0 to 4095");
    return done();
  }
  return control_error("unknown request " + *what +
                       "; there are status, setup_button, reset, power, air, wifi, fault and pin, and over USB dfu, "
                       "safe_mode, listening, update_begin, update_data, update_finish, read, write and erase");
}

std::string Photon::press_setup_button(int hold_ms) {
  fire(system_event::kButtonStatus, 0);
  bool was_listening = listening_;
  if (hold_ms > kListenHoldMs && !was_listening) enter_listening();
  if (hold_ms >= kEraseHoldMs) {
    log_state("the Wi-Fi credentials are erased");
    clear_credentials();
  } else if (was_listening && hold_ms > kListenHoldMs && hold_ms <= kLeaveMostMs) {
    leave_listening();
  }
  fire(system_event::kButtonStatus, hold_ms);
  if (hold_ms <= kListenHoldMs) {
    fire(system_event::kButtonClick, 1);
    fire(system_event::kButtonFinalClick, 1);
  }
  return done();
}

const char* Photon::mode_name() const {
  if (dfu_) return "dfu";
  switch (mode_) {
    case SystemMode::Automatic:
      return "automatic";
    case SystemMode::SemiAutomatic:
      return "semi_automatic";
    case SystemMode::Manual:
      return "manual";
    case SystemMode::SafeMode:
      return "safe_mode";
  }
  return "";
}

std::string Photon::led() const {
  if (dfu_) return led_json("#FFFF00", "blink");
  if (signaling_) return led_json("rainbow", "cycle");
  if (updating_) return led_json("#FF00FF", "blink");
  if (listening_) return led_json("#0000FF", "blink");
  if (led_by_application_) {
    std::string color = "#" + to_upper_hex(std::string(led_color_.begin(), led_color_.end()));
    return led_json(color.c_str(), "solid");
  }
  switch (wifi_->state()) {
    case Wifi::State::Off:
      return led_json("#FFFFFF", "breathe");
    case Wifi::State::Connecting:
      return led_json("#00FF00", "blink");
    case Wifi::State::Up:
      break;
  }
  switch (cloud_state_) {
    case CloudState::Disconnected:
      return cloud_.wanted() ? led_json("#00FFFF", "blink") : led_json("#00FF00", "breathe");
    case CloudState::Connecting:
      return led_json("#00FFFF", "blink");
    case CloudState::Handshaking:
      return led_json("#00FFFF", "fast_blink");
    case CloudState::Connected:
      break;
  }
  return led_json(safe_mode_ ? "#FF00FF" : "#00FFFF", "breathe");
}

std::string Photon::status() {
  bool has_serial_host = serial_.connected();
  uint8_t antenna = dct_->byte(dct::kAntenna);
  std::string wifi = JsonObject()
                         .add("ready", wifi_ready())
                         .add("connecting", wifi_connecting())
                         .add("available", wifi_->available())
                         .add("credentials", has_credentials())
                         .add("ssid", wifi_ssid())
                         .add("attempts", static_cast<long long>(wifi_->attempts()))
                         .add("antenna", antenna == 1   ? "external"
                                         : antenna == 3 ? "automatic"
                                                        : "internal")
                         .str();
  std::string product = JsonObject().add("id", product_id()).add("version", product_version()).str();
  return JsonObject()
      .add("ok", true)
      .add("id", device_id())
      .add("device_os", system_version())
      .add("mode", mode_name())
      .add("threaded", user_part_ && user_part_->threaded())
      .add("application_running", setup_done_)
      .add("listening", listening_)
      .add("serial_host", has_serial_host)
      .add("serial", folder_.path() + "/serial")
      .add("mac", mac_address_text())
      .add("softap_ssid", dct_->softap_ssid())
      .add_raw("wifi", wifi)
      .add("cloud", cloud_state_name(cloud_state_))
      .add_raw("led", led())
      .add("claimed", claimed())
      .add("has_claim_code", !claim_code().empty())
      .add("reset_reason", reset_reason_name(reset_reason_))
      .add_raw("product", product)
      .add("safe_mode", safe_mode_)
      .add("safe_mode_reason", safe_mode_reason_)
      .add("updating", updating_)
      .add("unix_time", static_cast<long long>(time_valid_ ? unix_time() : 0))
      .add("uptime_ms", static_cast<long long>(reactor_.now_ms()))
      .add("flash_writes", static_cast<long long>(flash_->write_count()))
      .add_raw("faults", faults())
      .add_raw("pins", pins_.json())
      .str();
}

}  // namespace vphoton
