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
  if (*what == "faces") return faces();
  if (*what == "reset") return control_reset(request);
  if (*what == "power") {
    auto on = request.bool_at("on");
    if (!on || *on) return control_error("power: only \"on\":false; to switch on, start vphoton again");
    reactor_.after(0, [this] { housing_.off(); });
    return done();
  }
  if (*what == "fault") return fault(request);
  if (*what == "debug") return control_debug(request);
  if (auto answer = usb(*what, request)) return *answer;
  if (*what == "setup_button") return control_setup_button(request);
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
  if (*what == "peripheral") return peripheral(request);
  if (*what == "pin") {
    auto pin = request.int_at("pin"), level = request.int_at("level");
    if (!pin || !level || !pins_.drive(*pin, *level))
      return control_error("pin needs \"pin\" 0 to 24 and \"level\" 0 to 4095");
    return done();
  }
  if (dfu_) return control_error(*what + ": the device is in DFU mode; reset it first");
  return control_error("unknown request " + *what +
                       "; there are status, faces, setup_button, reset, power, air, wifi, fault, debug, pin and "
                       "peripheral, and over USB "
                       "dfu, safe_mode, listening, update_begin, update_data, update_finish, read, write and erase");
}

std::string Photon::peripheral(const JsonValue& request) {
  if (!wiring_) return control_error("nothing is connected; start vphoton with --wired-to");
  std::string error = wiring_->change(request);
  return error.empty() ? wiring_->json() : control_error(error);
}

std::string Photon::control_reset(const JsonValue& request) {
  auto hold = request.int_at("setup_hold_ms");
  if (request.find("setup_hold_ms") && (!hold || *hold < 0))
    return control_error("reset: \"setup_hold_ms\" is how many milliseconds SETUP stays pressed");
  reactor_.after(0, [this, hold] {
    setup_hold_after_reset_ms_ = hold.value_or(0);
    reset(ResetReason::PinReset, 0);
  });
  return done();
}

// Pressed for a stated time at once, or pressed and let go by two requests.
std::string Photon::control_setup_button(const JsonValue& request) {
  if (dfu_) return control_error("setup_button: the device is in DFU mode; reset it first");
  if (asleep_) return control_error("setup_button: the device is asleep");
  if (panicking_) return control_error("setup_button: the device panics; it starts again by itself");
  auto hold = request.int_at("hold_ms");
  auto pressed = request.bool_at("pressed");
  if (hold ? *hold < 0 : !pressed)
    return control_error("setup_button needs \"hold_ms\", the milliseconds it is held, or \"pressed\"");
  if (!hold && *pressed == setup_pressed_ms_.has_value())
    return control_error(*pressed ? "setup_button: it is pressed already" : "setup_button: it is not pressed");
  if (hold || *pressed) press_setup_button();
  if (hold) {
    if (*hold > kListenHoldMs) setup_button_held(kListenHoldMs);
    if (*hold >= kEraseHoldMs) setup_button_held(kEraseHoldMs);
    release_setup_button(*hold);
  } else if (*pressed) {
    for (int ms : {kListenHoldMs, kEraseHoldMs})
      hold_timers_.push_back(reactor_.after(static_cast<uint64_t>(ms), [this, ms] { setup_button_held(ms); }));
  } else {
    release_setup_button(setup_button_ms());
  }
  return done();
}

void Photon::press_setup_button() {
  setup_pressed_ms_ = reactor_.now_ms();
  pressed_while_listening_ = listening_;
  fire(system_event::kButtonStatus, 0);
}

void Photon::setup_button_held(int ms) {
  if (ms == kListenHoldMs) return enter_listening();
  log_state("the Wi-Fi credentials are erased");
  clear_credentials();
}

void Photon::release_setup_button(int held_ms) {
  setup_pressed_ms_.reset();
  for (auto timer : hold_timers_) reactor_.cancel(timer);
  hold_timers_.clear();
  if (pressed_while_listening_ && held_ms > kListenHoldMs && held_ms <= kLeaveMostMs) leave_listening();
  fire(system_event::kButtonStatus, held_ms);
  if (held_ms > kListenHoldMs) return;
  fire(system_event::kButtonClick, 1);
  fire(system_event::kButtonFinalClick, 1);
}

const char* Photon::mode_name() const {
  if (dfu_) return "dfu";
  if (panicking_) return "panic";
  if (asleep_) return "sleep";
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
      .add("factory_image", ota_->factory_image_valid())
      .add("safe_mode", safe_mode_)
      .add("safe_mode_reason", safe_mode_reason_)
      .add("updating", updating_)
      .add("unix_time", static_cast<long long>(time_valid_ ? unix_time() : 0))
      .add("uptime_ms", static_cast<long long>(reactor_.now_ms()))
      .add("flash_writes", static_cast<long long>(flash_->write_count()))
      .add_raw("faults", faults())
      .add_raw("machine", user_part_ ? user_part_->figures() : "null")
      .add_raw("pins", pins_.json())
      .str();
}

}  // namespace vphoton
