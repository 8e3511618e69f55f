#include "peripherals/bus_motor.h"

#include <cmath>

#include "core/json.h"

namespace vphoton {
namespace {

constexpr char kStart = 0x55;
constexpr uint8_t kAnswer = 0x80;
constexpr uint8_t kGoTo = 2;
constexpr uint8_t kStop = 3;
constexpr size_t kLeastFrame = 5;
constexpr uint64_t kTurnaroundMs = 3;
constexpr uint64_t kSilenceMs = 1000;

uint8_t byte_at(const std::string& bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

char checksum(const std::string& bytes) {
  uint8_t sum = 0;
  for (size_t i = 1; i < bytes.size(); ++i) sum = static_cast<uint8_t>(sum + byte_at(bytes, i));
  return static_cast<char>(-sum);
}

}  // namespace

BusMotor::BusMotor(World& world, Ports ports) : Model(world, ports), body_(world.bodies[0], true) {
  // It went on for as long as it bears silence.
  if (body_.moves()) watch_silence();
}

BusMotor::~BusMotor() {
  for (Reactor::TimerId timer : {arrival_, silence_, reply_}) ports_.reactor.cancel(timer);
}

void BusMotor::received(const std::string& bytes) {
  if (ports_.uart.baud() != kBaud) return;
  bool collides = has_fault("collision");
  std::string heard = bytes;
  if (collides) heard[heard.size() / 2] = static_cast<char>(~heard[heard.size() / 2]);
  ports_.uart.receive(heard);
  bool whole = heard.size() >= kLeastFrame && heard[0] == kStart && byte_at(heard, 1) == kAddress &&
               heard.size() == kLeastFrame + byte_at(heard, 3) && checksum(heard) == 0;
  if (!whole || has_fault("dead_bus") || !obey(heard)) return;
  if (aim_ >= 0) watch_silence();
  answer(byte_at(heard, 2));
}

bool BusMotor::obey(const std::string& frame) {
  uint8_t command = byte_at(frame, 2);
  if (command == kStop) {
    if (!has_fault("overrun")) stop();
    blocked_ = has_fault("stall") && blocked_;
    return true;
  }
  if (command != kGoTo || byte_at(frame, 3) != 2) return command == 1;
  aim_ = std::min(1.0, (byte_at(frame, 4) | byte_at(frame, 5) << 8) / 10000.0);
  blocked_ = has_fault("stall");
  double way = aim_ - body_.position();
  ports_.reactor.cancel(arrival_);
  arrival_ = 0;
  if (blocked_ || way == 0) {
    stop();
    return true;
  }
  body_.drive(way > 0 ? ways_per_second() : -ways_per_second());
  arrival_ = ports_.reactor.after(static_cast<uint64_t>(std::ceil(body_.ms_until(aim_))), [this] {
    arrival_ = 0;
    if (has_fault("overrun")) return;
    body_.place(aim_);
    stop();
  });
  return true;
}

void BusMotor::stop() {
  body_.drive(0);
  aim_ = -1;
  ports_.reactor.cancel(arrival_);
  ports_.reactor.cancel(silence_);
  arrival_ = silence_ = 0;
}

void BusMotor::watch_silence() {
  ports_.reactor.cancel(silence_);
  silence_ = ports_.reactor.after(kSilenceMs, [this] { stop(); });
}

void BusMotor::answer(uint8_t command) {
  auto position = static_cast<unsigned>(std::lround(body_.position() * 10000));
  char state = static_cast<char>(blocked_ ? 3 : !body_.moves() ? 0 : body_.speed() > 0 ? 1 : 2);
  std::string frame = {kStart, static_cast<char>(kAddress | kAnswer), static_cast<char>(command), 4};
  frame += {static_cast<char>(position & 0xFF), static_cast<char>(position >> 8), state, 0};
  frame += static_cast<char>(checksum(frame) + (has_fault("wrong_checksum") ? 1 : 0));
  ports_.reactor.cancel(reply_);
  reply_ = ports_.reactor.after(kTurnaroundMs + ports_.uart.milliseconds(frame.size()), [this, frame] {
    reply_ = 0;
    ports_.uart.receive(frame);
  });
}

void BusMotor::disturbed() {
  if (!has_fault("stall")) return;
  blocked_ = blocked_ || aim_ >= 0;
  stop();
}

std::string BusMotor::parts() const { return JsonObject().add_raw("lift", part_json(body_)).str(); }

}  // namespace vphoton
