// The Photon's debugger: where it connects, and what it is told of the application.
#include "base/hex.h"
#include "base/json.h"
#include "device/photon.h"

namespace vphoton {

std::string Photon::control_debug(const JsonValue& request) {
  const auto port = request.int_at("port");
  if (request.find("port") && (!port || *port < 0 || *port > 65535))
    return control_error("debug: \"port\" is 0 to 65535");
  std::string error = why_not_debugged();
  if (error.empty()) error = debug_port_.open(static_cast<uint16_t>(port.value_or(0)));
  if (!error.empty()) return control_error("debug: " + error);
  return JsonObject().add("ok", true).add("port", debug_port_.number()).add("module", user_part_crc()).str();
}

std::string Photon::why_not_debugged() const {
  if (held()) return "the device is held in reset";
  if (panicking_) return "the device panics; it starts again by itself";
  if (dfu_) return "the device is in DFU mode, without an application; reset it first";
  if (!user_part_ && safe_mode_) return "safe mode, without an application: " + safe_mode_reason_;
  return "";
}

// As it is stored, in hexadecimal: which build this is.
std::string Photon::user_part_crc() const {
  constexpr size_t kSize = 4;
  return user_image_ ? to_hex(flash_->read(Region::UserPart, user_image_->end - kUserPartAddress, kSize)) : "";
}

}  // namespace vphoton
