#include "peripherals/remote_receiver.h"

#include "core/json.h"

namespace vphoton {
namespace {

constexpr int kEnablePin = 2;
constexpr int kReadyPin = 3;
constexpr uint64_t kReadyMs = 2;
constexpr size_t kFrame = 10;
constexpr uint8_t kSync = 0xA5;
constexpr uint32_t kLearned = 1u << 24;

}  // namespace

RemoteReceiver::RemoteReceiver(World& world, Ports ports) : Model(world, ports), body_(world.bodies[0], true) {
  ports_.pins.drive(kReadyPin, 0);
}

RemoteReceiver::~RemoteReceiver() { ports_.reactor.cancel(ready_); }

void RemoteReceiver::pin_changed(int pin) {
  if (pin != kEnablePin) return;
  ports_.reactor.cancel(ready_);
  ready_ = 0;
  if (!ports_.pins.duty(kEnablePin)) {
    ports_.pins.drive(kReadyPin, 0);
    heard_.clear();
  } else if (!has_fault("dead_module")) {
    ready_ = ports_.reactor.after(kReadyMs, [this] { ports_.pins.drive(kReadyPin, 1); });
  }
}

void RemoteReceiver::received(const std::string& bytes) {
  if (!ports_.pins.duty(kEnablePin) || has_fault("dead_module") || has_fault("deaf") || ports_.uart.baud() != kBaud)
    return;
  heard_ += bytes;
  for (;;) {
    heard_.erase(0, heard_.find(static_cast<char>(kSync)));
    if (heard_.size() < kFrame) return;
    frame(reinterpret_cast<const uint8_t*>(heard_.data()));
    heard_.erase(0, kFrame);
  }
}

void RemoteReceiver::frame(const uint8_t* bytes) {
  uint8_t sum = 0;
  for (size_t i = 1; i < kFrame; ++i) sum ^= bytes[i];
  if (sum != 0) return;
  auto u32 = [&](size_t at, size_t count) {
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) value |= static_cast<uint32_t>(bytes[at + i]) << (8 * i);
    return value;
  };
  uint32_t id = u32(1, 3) | kLearned, code = u32(5, 4);
  if (remote() == 0) {
    remote() = id;
    last_code() = code - 1;
  }
  if (id != remote() || code == last_code()) return;  // a neighbour's, or the same frame once more
  if (code - last_code() > kWindow) {
    ++refused();
    return;
  }
  last_code() = code;
  ++accepted();
  command(bytes[4]);
}

void RemoteReceiver::command(int what) {
  if (has_fault("stall") || what == 2)
    body_.drive(0);
  else
    body_.drive(what == 1 ? ways_per_second() : -ways_per_second());
}

void RemoteReceiver::disturbed() {
  if (has_fault("stall")) body_.drive(0);
}

std::string RemoteReceiver::parts() const {
  std::string radio = JsonObject()
                          .add("code", static_cast<long long>(world_.numbers[1]))
                          .add("accepted", static_cast<long long>(world_.numbers[2]))
                          .add("refused", static_cast<long long>(world_.numbers[3]))
                          .str();
  return JsonObject().add_raw("lift", part_json(body_)).add_raw("radio", radio).str();
}

}  // namespace vphoton
