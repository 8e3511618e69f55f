// The Photon as a USB host sees it, but for its serial port: what the bench's USB equipment asks for on the control
// socket. The requests a host sends over USB, their framing and DFU's states are the equipment's business.
#include "base/hex.h"
#include "device/photon.h"
#include "system/stored/internal_flash.h"

namespace vphoton {
namespace {

constexpr int kMostAtOnce = 16 * 1024;  // bytes; a line of the control socket has room for no more in hexadecimal

JsonObject done() { return JsonObject().add("ok", true); }

std::string done_with(int result) { return done().add("result", result).str(); }

// The member as bytes, if it is hexadecimal.
std::optional<std::string> bytes_at(const JsonValue& request, const char* name) {
  auto text = request.string_at(name);
  return text ? from_hex(*text) : std::nullopt;
}

}  // namespace

// Nothing if `what` is none of these requests.
std::optional<std::string> Photon::usb(const std::string& what, const JsonValue& request) {
  if (what == "read" || what == "write" || what == "erase") return usb_in_dfu_mode(what, request);
  if (what == "dfu") {
    auto on = request.bool_at("on");
    if (!on || *on == dfu_) return control_error("dfu needs \"on\": true in normal mode, false in DFU mode");
    reactor_.after(0, [this] { dfu_ ? reset(reset_reason_, reset_data_) : reset(ResetReason::DfuMode, 0); });
    return done().str();
  }
  if (dfu_) return std::nullopt;
  if (what == "safe_mode") {
    reactor_.after(0, [this] { reset(ResetReason::SafeMode, 0); });
    return done().str();
  }
  if (what == "listening") {
    auto on = request.bool_at("on");
    if (!on) return control_error("listening needs \"on\", true or false");
    listen(*on);
    return done().str();
  }
  if (what == "module_info") return done().add_raw("describe", "{" + describe_ + "}").str();
  if (what == "update_begin" || what == "update_data" || what == "update_finish") return update_firmware(what, request);
  return std::nullopt;
}

std::string Photon::update_firmware(const std::string& what, const JsonValue& request) {
  if (what == "update_begin") {
    auto size = request.int_at("size");
    if (!size || *size < 0) return control_error("update_begin needs \"size\" in bytes");
    usb_update_at_ = 0;
    return done_with(ota_begin(static_cast<uint32_t>(*size)));
  }
  if (what == "update_data") {
    auto data = bytes_at(request, "data");
    if (!data) return control_error("update_data needs \"data\" in hexadecimal");
    int result = ota_write(usb_update_at_, reinterpret_cast<const uint8_t*>(data->data()), data->size());
    if (result == 0) usb_update_at_ += static_cast<uint32_t>(data->size());
    return done_with(result);
  }
  int result = updating_ ? ota_validate() : kErrorInvalidState;
  if (result == 0) reactor_.after(0, [this] { ota_apply(); });
  return done_with(result);
}

std::string Photon::usb_in_dfu_mode(const std::string& what, const JsonValue& request) {
  if (!dfu_) return control_error(what + ": the device is not in DFU mode");
  auto memory = request.string_at("memory");
  auto address = request.int_at("address");
  if (!memory || (*memory != "flash" && *memory != "dct") || !address || *address < 0)
    return control_error(what + " needs \"memory\", flash or dct, and \"address\"");
  bool flash = *memory == "flash";
  InternalFlash internal(*flash_);
  const auto at = static_cast<uint32_t>(*address);
  if (what == "read") {
    auto size = request.int_at("size");
    if (!size || *size < 0 || *size > kMostAtOnce) return control_error("read needs \"size\", 0 to 16384");
    const auto wanted = static_cast<size_t>(*size);
    return done().add("data", to_hex(flash ? internal.read(at, wanted) : dct_->read(at, wanted))).str();
  }
  if (what == "write") {
    auto data = bytes_at(request, "data");
    if (!data) return control_error("write needs \"data\" in hexadecimal");
    bool written =
        flash ? InternalFlash::writable_by_dfu(at, data->size()) && internal.write(at, *data) : dct_->write(at, *data);
    return written ? done().str() : control_error("write: nothing can be written there");
  }
  if (!flash || !internal.erase_sector(at)) return control_error("erase: no sector that can be erased");
  return done().str();
}

}  // namespace vphoton
