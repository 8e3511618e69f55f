// The Photon as its bench sees it: hands, wires, air and power.
#include "base/hex.h"
#include "base/log.h"
#include "device/photon.h"

namespace vphoton {
namespace {

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
  if (*what == "end_sos") return control_end_sos();
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
  if (*what == "world") return world(request);
  if (*what == "peripherals") return peripherals(request);
  if (*what == "pin") {
    auto pin = request.int_at("pin"), level = request.int_at("level");
    if (!pin || !level || !pins_.drive(*pin, *level))
      return control_error("pin needs \"pin\" 0 to 24 and \"level\" 0 to 4095");
    return done();
  }
  if (held()) return control_error(*what + ": the device is held in reset");
  if (auto answer = usb(*what, request)) return *answer;
  if (dfu_) return control_error(*what + ": the device is in DFU mode; reset it first");
  return control_error("unknown request " + *what +
                       "; there are status, faces, setup_button, reset, end_sos, power, air, wifi, fault, debug, pin, "
                       "peripherals and world, and over USB dfu, safe_mode, listening, update_begin, update_data, "
                       "update_finish, read, write and erase");
}

std::string Photon::world(const JsonValue& request) {
  if (!wiring_) return control_error("nothing is connected; start vphoton with --wired-to");
  std::string error = wiring_->change(request);
  return error.empty() ? wiring_->json() : control_error(error);
}

std::string Photon::peripherals(const JsonValue& request) {
  const std::string error = peripherals_.attach(request, wiring_ != nullptr);
  return error.empty() ? done() : control_error(error);
}

// No Photon can: its SOS takes its time.
std::string Photon::control_end_sos() {
  if (!panicking_) return control_error("end_sos: the device does not panic");
  reactor_.cancel(panic_timer_);
  panic_timer_ = reactor_.after(0, [this] { panic_over(); });
  return done();
}

const char* Photon::mode_name() const {
  if (in_reset_) return "reset";
  if (in_bootloader_) return "bootloader";
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
  std::string eeprom = JsonObject()
                           .add("pending_erase", eeprom_.has_pending_erase())
                           .add("erasures", static_cast<long long>(eeprom_.erasures()))
                           .add("erasures_in_motion", static_cast<long long>(erasures_in_motion_))
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
      .add("uptime_ms", static_cast<long long>(uptime_ms()))
      .add("flash_writes", static_cast<long long>(flash_->write_count()))
      .add_raw("eeprom", eeprom)
      .add_raw("faults", faults())
      .add_raw("machine", user_part_ ? user_part_->figures() : "null")
      .add_raw("pins", pins_.json())
      .str();
}

}  // namespace vphoton
