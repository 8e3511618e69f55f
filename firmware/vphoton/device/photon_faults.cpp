// What goes wrong in a Photon when its bench says so. Faults of the network are the network's: a proxy makes them.
#include <time.h>

#include <cerrno>
#include <utility>

#include "base/hex.h"
#include "base/log.h"
#include "device/photon.h"

namespace vphoton {
namespace {

constexpr int kMost = 1000000000;
constexpr int kLongestBlockMs = 600000;

}  // namespace

std::string Photon::fault(const JsonValue& request) {
  auto within = [&](const char* name, int least, int most) {
    auto value = request.int_at(name);
    return !request.find(name) || (value && *value >= least && *value <= most);
  };
  if (!within("power_cut_at_write", 0, kMost)) return control_error("power_cut_at_write: 0 (never) to 1000000000");
  if (!within("torn", 0, kMost)) return control_error("torn: 0 to 1000000000 bytes of the write");
  if (!within("block_loop_ms", 0, kLongestBlockMs)) return control_error("block_loop_ms: 0 to 600000");
  if (!within("clock_jump_s", -kMost, kMost)) return control_error("clock_jump_s: -1000000000 to 1000000000");
  auto key = from_hex(request.string_at("server_key").value_or(""));
  if (request.find("server_key") && (!key || key->size() != dct::kServerKeyDerSize))
    return control_error("server_key: RSA-2048 SubjectPublicKeyInfo DER as 588 hexadecimal digits");

  bool any = false;
  if (auto write = request.int_at("power_cut_at_write")) {
    any = true;
    flash_->cut_power({static_cast<uint64_t>(*write), static_cast<size_t>(request.int_at("torn").value_or(0))});
  }
  if (auto lost = request.bool_at("lose_connect_answer")) {
    any = true;
    lose_connect_answer_ = *lost;
  }
  if (auto ms = request.int_at("block_loop_ms")) {
    any = true;
    block_loop_ms_ = static_cast<uint32_t>(*ms);
  }
  if (auto seconds = request.int_at("clock_jump_s")) {
    any = true;
    time_offset_ms_ += static_cast<int64_t>(*seconds) * 1000;
  }
  if (request.find("server_key")) {
    any = true;
    if (!dct_->set_server_key(*key)) return control_error("server_key: cannot be written");
  }
  if (!any)
    return control_error(
        "fault needs power_cut_at_write, block_loop_ms, clock_jump_s, lose_connect_answer or server_key");
  return JsonObject().add("ok", true).str();
}

std::string Photon::faults() const {
  const PlannedPowerCut& cut = flash_->power_cut();
  return JsonObject()
      .add("power_cut_at_write", static_cast<long long>(cut.at_write))
      .add("torn", static_cast<long long>(cut.torn))
      .add("block_loop_ms", static_cast<long long>(block_loop_ms_))
      .add("lose_connect_answer", lose_connect_answer_)
      .str();
}

// The application is stuck in loop(). With a thread of its own the system goes on meanwhile, without one nothing does.
void Photon::block_loop() {
  if (block_loop_ms_ == 0) return;
  uint32_t ms = std::exchange(block_loop_ms_, 0);
  log_state("the application blocks for %u ms", ms);
  if (user_part_->threaded())
    delay(ms);
  else
    stand_still(ms);
}

// System and application; other devices of a rack go on.
void Photon::stand_still(uint32_t ms) {
  if (Turns* turns = housing_.turns()) {
    const uint64_t until = reactor_.now_ms() + ms;
    while (reactor_.now_ms() < until) turns->wait({}, static_cast<int>(until - reactor_.now_ms()));
  } else {
    timespec left{static_cast<time_t>(ms / 1000), static_cast<long>(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
  }
}

}  // namespace vphoton
