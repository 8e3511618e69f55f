#include "worlds/remote_receiver.h"

#include "base/json.h"

namespace vphoton {
namespace {

constexpr uint32_t kLearned = 1u << 24;
constexpr uint16_t kChannel = 0x0100;
constexpr uint8_t kUp = 0x0B, kStop = 0x23, kDown = 0x43;
// A choice: how soon a receiver's gain is up after a carrier, and how much it then hears before the next one.
constexpr double kGainUs = 50000;
constexpr int kNoisePulses = 40;
constexpr double kSettleUs = 1000;  // of silence until a pulse is surely over
// Under `noise`, of a thousand pulses and pauses some are cut in two, and of the pulses some are not heard: a frame of
// 66 pulses and 65 pauses gets through two times out of three.
constexpr uint32_t kCut = 2, kLost = 2;

}  // namespace

RemoteReceiver::RemoteReceiver(World& world, Ports ports) : Model(world, ports), body_(world.bodies[0], true) {}

// xorshift32
uint32_t RemoteReceiver::draw(uint32_t bound) {
  chance_ ^= chance_ << 13;
  chance_ ^= chance_ >> 17;
  chance_ ^= chance_ << 5;
  return chance_ % bound;
}

std::string RemoteReceiver::exchanged(const std::string& bytes, uint32_t hz) {
  const bool reaches = !has_fault("broken_wire");
  const double bit_us = 1e6 / hz;
  const size_t bits = bytes.size() * 8;
  const auto level = [&](size_t bit) { return reaches && (bytes[bit / 8] >> (7 - bit % 8) & 1); };
  const double began_us = static_cast<double>(ports_.reactor.now_us()) - static_cast<double>(bits) * bit_us;
  for (size_t at = 0, end; at < bits; at = end) {
    for (end = at + 1; end < bits && level(end) == level(at);) ++end;
    hear(level(at), began_us + static_cast<double>(at) * bit_us, static_cast<double>(end - at) * bit_us);
  }
  // The line stays as the last bit left it; were that carrier, the motor would hear no end of it.
  if (!level(bits - 1)) hear(false, static_cast<double>(ports_.reactor.now_us()), kSettleUs);
  return reaches ? bytes : std::string(bytes.size(), '\0');
}

void RemoteReceiver::hear(bool carrier, double at_us, double us) {
  if (has_fault("deaf")) return;
  if (carrier && at_us - heard_us_ > kGainUs) hear_noise();
  if (carrier) heard_us_ = at_us + us;
  const auto feed = [this](bool level, double length) {
    const uint32_t damaged = decoder_.damaged();
    if (auto frame = decoder_.feed(level, length)) obey(*frame);
    refused() += decoder_.damaged() - damaged;
  };
  const uint32_t luck = has_fault("noise") ? draw(1000) : 1000;
  if (luck < kCut) {
    for (bool level : {carrier, !carrier, carrier}) feed(level, us / 3);
  } else {
    feed(carrier && luck >= kCut + kLost, us);
  }
}

// What a receiver makes of silence at full gain, up to the carrier that turns the gain down.
void RemoteReceiver::hear_noise() {
  for (int i = 0; i < kNoisePulses; ++i) decoder_.feed(i % 2 == 0, 30 + draw(1500));
}

void RemoteReceiver::obey(const OokFrame& frame) {
  const uint32_t id = frame.remote | kLearned;
  if (remote() == 0) remote() = id;
  if (id != remote() || !(frame.channels & kChannel)) {
    ++refused();
    return;
  }
  ++accepted();
  repeated() = frame.command == command_ ? repeated() + 1 : 1;
  command_ = frame.command;
  if (has_fault("stall") || frame.command == kStop)
    body_.drive(0);
  else if (frame.command == kUp)
    body_.drive(ways_per_second());
  else if (frame.command == kDown)
    body_.drive(-ways_per_second());
}

void RemoteReceiver::disturbed() {
  if (has_fault("stall")) body_.drive(0);
}

std::string RemoteReceiver::parts() const {
  std::string radio = JsonObject()
                          .add("remote", static_cast<long long>(world_.numbers[0] & (kLearned - 1)))
                          .add("accepted", static_cast<long long>(world_.numbers[1]))
                          .add("refused", static_cast<long long>(world_.numbers[2]))
                          .add("repeated", static_cast<long long>(world_.numbers[3]))
                          .str();
  return JsonObject().add_raw("lift", part_json(body_)).add_raw("radio", radio).str();
}

}  // namespace vphoton
