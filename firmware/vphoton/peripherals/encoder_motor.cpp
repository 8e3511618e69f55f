#include "peripherals/encoder_motor.h"

#include <cmath>

#include "core/json.h"
#include "core/monotonic.h"

namespace vphoton {
namespace {

constexpr uint64_t kTurnMs = 4;     // edges come in packets of this length
constexpr uint64_t kCoastMs = 400;  // how long a motor that overruns goes on
constexpr long kEdgesPerLost = 6;   // of lost pulses, every so many-th edge is missed
constexpr double kFullDuty = 255;

}  // namespace

EncoderMotor::EncoderMotor(BodyState& state, vphoton::Ports ports, Pins pins, int counts, uint32_t& contradictions)
    : body_(state), ports_(ports), pins_(pins), counts_(counts), contradictions_(contradictions) {
  body_.drive(0);  // without a Photon the bridge is off
  placed();
}

EncoderMotor::~EncoderMotor() {
  ports_.reactor.cancel(timer_);
  ports_.reactor.cancel(coasting_);
}

void EncoderMotor::placed() {
  slipped_ = 0;
  count_ = std::lround(shaft() * counts_);
  show(false);
}

void EncoderMotor::update(double ways_per_second, const Faults& faults) {
  faults_ = faults;
  int open = ports_.pins.duty(pins_.open), close = ports_.pins.duty(pins_.close);
  if (open && close) ++contradictions_;  // a short circuit through the bridge
  double speed = open && close ? 0 : (open - close) / kFullDuty * ways_per_second;
  bool stops = speed == 0 && speed_ != 0;
  if (coasting_ && speed == 0) return;
  ports_.reactor.cancel(coasting_);
  coasting_ = 0;
  if (stops && faults_.overrun) {
    coasting_ = ports_.reactor.after(kCoastMs, [this] {
      coasting_ = 0;
      turn();
      set_speed(0);
    });
    return;
  }
  // A motor stopped by the handler of an edge stands where that edge was.
  if (stops && turning_ && !faults_.slip) body_.place(static_cast<double>(count_) / counts_ - slipped_);
  set_speed(speed);
}

void EncoderMotor::set_speed(double speed) {
  if (!turning_) turn();
  speed_ = faults_.stall ? 0 : speed;
  body_.drive(faults_.slip ? 0 : speed_);
  turned_us_ = monotonic_us();
  ports_.reactor.cancel(timer_);
  timer_ = speed_ == 0 ? 0 : ports_.reactor.after(kTurnMs, [this] { turn(); });
}

// All edges since the last time, one after the other.
void EncoderMotor::turn() {
  uint64_t now = monotonic_us();
  if (faults_.slip) slipped_ += speed_ * static_cast<double>(now - turned_us_) / 1e6;
  turned_us_ = now;
  long target = std::lround(shaft() * counts_);
  turning_ = true;
  double speed = speed_;
  while (count_ != target && speed_ == speed) {
    count_ += count_ < target ? 1 : -1;
    show(!(faults_.lost_pulses && count_ % kEdgesPerLost == 0));
  }
  turning_ = false;
  bool goes_on = speed_ != 0 && (body_.moves() || faults_.slip);
  ports_.reactor.cancel(timer_);
  timer_ = goes_on ? ports_.reactor.after(kTurnMs, [this] { turn(); }) : 0;
}

void EncoderMotor::show(bool seen) {
  if (faults_.dead_encoder) return;
  int phase = static_cast<int>(((count_ % 4) + 4) % 4);
  int a = phase == 1 || phase == 2, b = phase >= 2;
  if (!seen) {
    ports_.pins.drive_unseen(pins_.a, a);
    ports_.pins.drive_unseen(pins_.b, b);
    return;
  }
  ports_.pins.drive(pins_.a, a);
  ports_.pins.drive(pins_.b, b);
}

VenetianMotors::VenetianMotors(World& world, vphoton::Ports ports)
    : Model(world, ports),
      lift_(world.bodies[0], ports, {0, 1, 5, 6}, kLiftCounts, world.contradictions),
      tilt_(world.bodies[1], ports, {2, 3, 11, 12}, kTiltCounts, world.contradictions) {}

std::vector<std::string> VenetianMotors::fault_names() const {
  std::vector<std::string> names;
  for (const char* part : {"lift", "tilt"})
    for (const char* what : {"stall", "slip", "lost_pulses", "dead_encoder", "overrun"})
      names.push_back(std::string(part) + "_" + what);
  return names;
}

EncoderMotor::Faults VenetianMotors::faults_of(const std::string& part) const {
  return {has_fault(part + "_stall"), has_fault(part + "_slip"), has_fault(part + "_lost_pulses"),
          has_fault(part + "_dead_encoder"), has_fault(part + "_overrun")};
}

void VenetianMotors::update(bool lift, bool tilt) {
  if (lift) lift_.update(ways_per_second(), faults_of("lift"));
  if (tilt) tilt_.update(ways_per_second() * kTiltFaster, faults_of("tilt"));
}

void VenetianMotors::pin_changed(int pin) { update(lift_.uses(pin), tilt_.uses(pin)); }

void VenetianMotors::disturbed() {
  update(true, true);
  if (!lift_.body().moves()) lift_.placed();
  if (!tilt_.body().moves()) tilt_.placed();
}

std::string VenetianMotors::parts() const {
  return JsonObject().add_raw("lift", part_json(lift_.body())).add_raw("tilt", part_json(tilt_.body())).str();
}

ShadeBody* VenetianMotors::body(const std::string& part) {
  return part == "lift" ? &lift_.body() : part == "tilt" ? &tilt_.body() : nullptr;
}

}  // namespace vphoton
