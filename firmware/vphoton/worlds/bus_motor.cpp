#include "worlds/bus_motor.h"

#include <cmath>

#include "base/json.h"

namespace vphoton {
namespace {

constexpr int kDrivePin = 2;
constexpr uint64_t kTurnaroundMs = 4;
constexpr uint32_t kMostDelayMs = 20;
constexpr char kFirstByte = 0x55;
constexpr size_t kAddressed = 3;  // first byte and address
constexpr size_t kCheck = 2;
constexpr char kNot = '\xFF';  // refused, or not known

uint8_t byte_at(const std::string& bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

// CRC-16 of Modbus, low byte first.
std::string check_of(const std::string& bytes) {
  unsigned rest = 0xFFFF;
  for (char byte : bytes) {
    rest ^= static_cast<uint8_t>(byte);
    for (int i = 0; i < 8; ++i) {
      const bool out = rest % 2;
      rest /= 2;
      if (out) rest ^= 0xA001;
    }
  }
  return {static_cast<char>(rest % 256), static_cast<char>(rest / 256)};
}

}  // namespace

BusMotor::BusMotor(World& world, Ports ports, const Address& address)
    : Model(world, ports), address_(address), body_(world.bodies[0], true) {
  if (aim()) watch_arrival();
}

BusMotor::~BusMotor() {
  for (Reactor::TimerId timer : {arrival_, reply_}) ports_.reactor.cancel(timer);
}

// xorshift32
uint32_t BusMotor::draw(uint32_t bound) {
  chance_ ^= chance_ << 13;
  chance_ ^= chance_ >> 17;
  chance_ ^= chance_ << 5;
  return chance_ % bound;
}

std::string BusMotor::through_noise(std::string line) {
  if (!has_fault("noise")) return line;
  for (char& byte : line)
    if (draw(100) == 0) byte = static_cast<char>(byte ^ 1 << draw(8));
  std::string before(draw(4), '\0'), after(draw(2), '\0');
  for (std::string* bytes : {&before, &after})
    for (char& byte : *bytes) byte = draw(3) ? static_cast<char>(draw(256)) : kFirstByte;
  return before + line + after;
}

void BusMotor::received(const std::string& bytes) {
  if (ports_.uart.baud() != kBaud || !ports_.pins.duty(kDrivePin)) return;
  std::string line = bytes;
  if (has_fault("collision")) line[line.size() / 2] = static_cast<char>(~line[line.size() / 2]);
  ports_.uart.receive(through_noise(line));
  // What is sent while the motor answers ends both.
  ports_.reactor.cancel(reply_);
  reply_ = 0;
  if (!has_fault("dead_bus")) heard(through_noise(line));
}

// A frame may begin at every byte that looks like it.
void BusMotor::heard(const std::string& line) {
  for (size_t at = line.find(kFirstByte); at != std::string::npos; at = line.find(kFirstByte, at + 1)) {
    const std::string rest = line.substr(at);
    if (rest.size() < kAddressed + 1) return;
    const bool group = rest[1] == 0 && rest[2] == 0;
    const bool its = byte_at(rest, 1) == address_[0] && byte_at(rest, 2) == address_[1];
    for (size_t content : {2, 3}) {
      const size_t size = kAddressed + content;
      if ((!its && !group) || rest.size() < size + kCheck) continue;
      if (check_of(rest.substr(0, size)) != rest.substr(size, kCheck)) continue;
      std::string reply;
      const uint8_t function = byte_at(rest, 3), what = byte_at(rest, 4);
      const uint8_t value = content == 3 ? byte_at(rest, 5) : 0;
      if (function == 3) reply = control(what, content == 3 ? &value : nullptr);
      if (function == 1 && content == 3 && value == 1) reply = read(what);
      if (!group && !reply.empty()) answer(reply);
      return;
    }
  }
}

std::string BusMotor::control(uint8_t command, const uint8_t* value) {
  const std::string same = {3, static_cast<char>(command)};
  switch (command) {
    case 1:
    case 2:
      return value ? "" : same + (go_to(command == 1 ? 1 : 0) ? "" : std::string(1, kNot));
    case 3:
      if (value) return "";
      if (!has_fault("overrun")) stop();
      return same;
    case 4:
      if (!value || *value > 100) return "";
      if (forgotten()) return same + kNot;
      go_to(*value / 100.0);
      return same + static_cast<char>(*value);
    default:
      return "";
  }
}

std::string BusMotor::read(uint8_t at) {
  char content;
  switch (at) {
    case 2:
      content = forgotten() ? kNot : static_cast<char>(std::lround(body_.position() * 100));
      break;
    case 3:
    case 4:
      content = 0;
      break;
    case 5:
      content = !body_.moves() ? 0 : body_.speed() > 0 ? 1 : 2;
      break;
    case 0xFE:
      content = '\xA4';
      break;
    default:
      return "";
  }
  return {1, 1, content};
}

// False: it is at that end already.
bool BusMotor::go_to(double position) {
  const bool was_moving = body_.moves();
  stop();
  const double way = position - body_.position();
  if (way == 0) {
    if (at_end()) forgotten() = 0;
    return was_moving;
  }
  if (has_fault("stall")) return true;
  aim() = static_cast<uint32_t>(std::lround(position * 10000)) + 1;
  body_.drive(way > 0 ? ways_per_second() : -ways_per_second());
  watch_arrival();
  return true;
}

void BusMotor::watch_arrival() {
  const double ms = body_.ms_until((aim() - 1) / 10000.0);
  // It may have got there, or beyond, while the Photon had no power.
  if (ms < 0) return arrive();
  arrival_ = ports_.reactor.after(static_cast<uint64_t>(std::ceil(ms)), [this] {
    arrival_ = 0;
    arrive();
  });
}

void BusMotor::arrive() {
  if (has_fault("overrun")) return;
  const double position = (aim() - 1) / 10000.0;
  stop();
  body_.place(position);
  if (at_end()) forgotten() = 0;
}

void BusMotor::stop() {
  body_.drive(0);
  aim() = 0;
  ports_.reactor.cancel(arrival_);
  arrival_ = 0;
}

std::string BusMotor::framed(const std::string& content) const {
  const std::string frame =
      std::string{kFirstByte, static_cast<char>(address_[0]), static_cast<char>(address_[1])} + content;
  return frame + check_of(frame);
}

void BusMotor::answer(const std::string& content) {
  std::string frame = framed(content);
  if (has_fault("wrong_checksum")) frame.back() = static_cast<char>(frame.back() ^ 1);
  reply_ = ports_.reactor.after(kTurnaroundMs + draw(kMostDelayMs - kTurnaroundMs + 1), [this, frame] {
    // Two drive the line: nobody hears anything.
    const bool jammed = ports_.pins.duty(kDrivePin);
    reply_ = ports_.reactor.after(ports_.uart.milliseconds(frame.size()), [this, frame, jammed] {
      reply_ = 0;
      if (!jammed && !ports_.pins.duty(kDrivePin)) ports_.uart.receive(through_noise(frame));
    });
  });
}

void BusMotor::disturbed() {
  if (has_fault("forgets_travel")) forgotten() = 1;
  // Blocked, or put somewhere by hand.
  if (has_fault("stall") || (aim() && !body_.moves())) stop();
}

std::string BusMotor::parts() const { return JsonObject().add_raw("lift", part_json(body_)).str(); }

}  // namespace vphoton
