#include "worlds/encoder_motor.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/monotonic.h"

namespace vphoton {
namespace {

constexpr uint64_t kTurnMs = 4;          // edges come in packets of this length
constexpr double kStep = 0.00025;        // seconds that are computed at a time
constexpr double kOverrunSeconds = 0.4;  // how long a motor that overruns goes on
constexpr long kEdgesPerLost = 6;        // of lost pulses, every so many-th edge is missed
constexpr double kFullDuty = 255;
// Mechanical time constant of small brushed motors: 5 ... 20 ms bare (maxon, catalogue of DC motors, "mechanical time
// constant"), more with a gear and a shaft full of slats on it. A short-circuited armature brakes by the same constant,
// and the worm gear's friction helps.
constexpr double kMotorSeconds = 0.020;
// A worm gear without power stops from full speed by friction alone within about a tenth of a second.
constexpr double kFrictionSeconds = 0.10;
// The share of full duty at which it begins to turn: friction at rest.
constexpr double kBreakaway = 0.20;
// A blind's own weight: slower up, faster down.
constexpr double kWeight = 0.05;
// Play of a gear, two degrees of ten turns.
constexpr double kPlay = 0.0006;
// Against its turning, a motor takes up to twice the current it stands with; below this share of its speed it does not.
constexpr double kPlugging = 0.2;
// What a weak supply bears, in shares of the current a motor stands with: catalogues give small brushed motors a
// nominal current of a tenth to a seventh of that. For how long the Photon lives without: 220 uF from 5 V to the 3.6 V
// its regulator needs, at 100 mA.
constexpr double kWeakSupply = 0.12;
constexpr double kBufferSeconds = 0.003;

}  // namespace

EncoderMotor::EncoderMotor(BodyState& state, vphoton::Ports ports, Pins pins, int counts, uint32_t& contradictions,
                           uint32_t& peak)
    : body_(state), ports_(ports), pins_(pins), counts_(counts), contradictions_(contradictions), peak_(peak) {
  // Without a Photon the bridge is off, and what turned has run out since.
  uint64_t now = monotonic_us();
  double seconds = now < state.since_us ? kFrictionSeconds : static_cast<double>(now - state.since_us) / 1e6;
  body_.place(state.from + state.speed * std::min(seconds, kFrictionSeconds / 2));
  placed();
}

EncoderMotor::~EncoderMotor() { ports_.reactor.cancel(timer_); }

void EncoderMotor::placed() {
  shaft_ = shade_ = body_.position();
  speed_ = slipped_ = 0;
  body_.follow(shade_, 0, 0);
  turned_us_ = monotonic_us();
  count_ = std::lround(shaft_ * counts_);
  show(count_, false);
}

void EncoderMotor::update(bool bridge_on, double ways_per_second, const Faults& faults) {
  int open = ports_.pins.duty(pins_.open), close = ports_.pins.duty(pins_.close);
  bool both = open && close;
  if (both && !both_) ++contradictions_;  // a short circuit through a bridge of single transistors
  both_ = both;
  Change change = {monotonic_us(), bridge_on, both ? 0 : (open - close) / kFullDuty, ways_per_second, faults};
  if (turning_) {
    // By an edge's handler, where the shaft is now. Whatever was to come before is overtaken.
    changes_.clear();
    overtaken_ = true;
    apply(change);
  } else {
    // Its edges up to now come with the next turn: whoever switches may have interrupts off.
    changes_.push_back(change);
    turn_later();
  }
}

void EncoderMotor::apply(const Change& change) {
  double before = drive();
  bridge_on_ = change.bridge_on;
  duty_ = change.duty;
  full_speed_ = change.full_speed;
  faults_ = change.faults;
  if (before != 0 && drive() == 0) off_us_ = change.at_us;
  if (before == 0 && drive() != 0) no_edge_ms_ = 0;
}

void EncoderMotor::turn_later() {
  if (timer_ != 0) return;
  timer_ = ports_.reactor.after(kTurnMs, [this] {
    timer_ = 0;
    turn();
  });
}

// Everything since the last time, a little at a time: an edge's handler may switch the motor off in between.
void EncoderMotor::turn() {
  uint64_t now = monotonic_us();
  turning_ = true;
  while (!changes_.empty()) {
    Change change = changes_.front();
    changes_.erase(changes_.begin());
    overtaken_ = false;
    turn_until(change.at_us);
    if (!overtaken_) apply(change);
  }
  turn_until(now);
  turning_ = false;
  body_.follow(shade_, faults_.slip ? 0 : speed_, pushed_ms_);
  pushed_ms_ = 0;
  if (drive() != 0 || speed_ != 0) turn_later();
}

void EncoderMotor::turn_until(uint64_t us) {
  double left = us > turned_us_ ? static_cast<double>(us - turned_us_) / 1e6 : 0;
  turned_us_ = std::max(us, turned_us_);
  for (; left > 0 && (drive() != 0 || speed_ != 0); left -= kStep) {
    step(std::min(left, kStep));
    if (drive() != 0) no_edge_ms_ += std::min(left, kStep) * 1000;
    show_edges();
  }
}

void EncoderMotor::step(double seconds) {
  double drive = this->drive();
  bool runs_on = drive == 0 && faults_.overrun && static_cast<double>(turned_us_ - off_us_) < kOverrunSeconds * 1e6;
  double current = std::abs(drive - (drive != 0 ? speed_ / full_speed_ : 0));
  peak_ = std::max(peak_, static_cast<uint32_t>(current * 1000));
  bool is_short = faults_.weak_supply && std::abs(drive) * current > kWeakSupply;
  short_s_ = is_short ? short_s_ + seconds : 0;
  if (short_s_ >= kBufferSeconds && ports_.supply_dips) {
    short_s_ = 0;
    ports_.supply_dips();
  }
  bool plugs = drive * speed_ < 0 && std::abs(speed_) > kPlugging * full_speed_;
  if (plugs && !plugged_) ++contradictions_;
  plugged_ = plugs;
  if (faults_.stall || faults_.dither) {
    speed_ = 0;
  } else if (drive != 0) {
    double target = drive * full_speed_ * (drive > 0 ? 1 - kWeight : 1 + kWeight);
    bool sticks = speed_ == 0 && std::abs(drive) < kBreakaway;
    if (!sticks) speed_ += (target - speed_) * (1 - std::exp(-seconds / kMotorSeconds));
  } else if (!runs_on && speed_ != 0) {
    double slower = full_speed_ / kFrictionSeconds * seconds;
    if (bridge_on_) slower += std::abs(speed_) * (1 - std::exp(-seconds / kMotorSeconds));
    speed_ = std::abs(speed_) <= slower ? 0 : speed_ - std::copysign(slower, speed_);
  }
  move_shade(speed_ * seconds, seconds);
}

void EncoderMotor::move_shade(double way, double seconds) {
  shaft_ += way;
  if (faults_.slip) {
    slipped_ += way;
    return;
  }
  // The shade follows within the gear's play.
  double gear = shaft_ - slipped_;
  shade_ = std::clamp(shade_, gear - kPlay / 2, gear + kPlay / 2);
  double end = std::clamp(shade_, 0.0, 1.0);
  double drive = this->drive();
  if (end != shade_) {
    shaft_ += end - shade_;
    shade_ = end;
    speed_ = 0;
  }
  if ((drive > 0 && shade_ >= 1) || (drive < 0 && shade_ <= 0)) pushed_ms_ += seconds * 1000;
}

void EncoderMotor::show_edges() {
  if (faults_.dither && drive() != 0) {
    show(count_ + 1, true);
    show(count_, true);
  }
  long target = std::lround(shaft_ * counts_);
  while (count_ != target) {
    long before = count_;
    count_ += count_ < target ? 1 : -1;
    if (faults_.bounce) {
      show(count_, true);
      show(before, true);
    }
    show(count_, !(faults_.lost_pulses && count_ % kEdgesPerLost == 0));
  }
}

void EncoderMotor::show(long count, bool seen) {
  if (faults_.dead_encoder) return;
  if (faults_.crossed) count = -count;
  int phase = static_cast<int>(((count % 4) + 4) % 4);
  int a = phase == 1 || phase == 2, b = phase >= 2;
  if (!seen) {
    ports_.pins.drive_unseen(pins_.a, a);
    ports_.pins.drive_unseen(pins_.b, b);
    return;
  }
  no_edge_ms_ = 0;
  ports_.pins.drive(pins_.a, a);
  ports_.pins.drive(pins_.b, b);
}

VenetianMotors::VenetianMotors(World& world, vphoton::Ports ports)
    : Model(world, ports),
      permit_(ports, 10, [this] { update(true, true); }),
      lift_(world.bodies[0], ports, {0, 1, 5, 6}, kLiftCounts, world.contradictions, world.numbers[0]),
      tilt_(world.bodies[1], ports, {2, 3, 11, 12}, kTiltCounts, world.contradictions, world.numbers[1]) {}

std::vector<std::string> VenetianMotors::fault_names() const {
  std::vector<std::string> names;
  for (const char* part : {"lift", "tilt"})
    for (const char* what : {"stall", "slip", "lost_pulses", "dead_encoder", "overrun", "dither", "bounce", "crossed"})
      names.push_back(std::string(part) + "_" + what);
  names.push_back("weak_supply");
  return names;
}

EncoderMotor::Faults VenetianMotors::faults_of(const std::string& part) const {
  return {has_fault(part + "_stall"),        has_fault(part + "_slip"),    has_fault(part + "_lost_pulses"),
          has_fault(part + "_dead_encoder"), has_fault(part + "_overrun"), has_fault(part + "_dither"),
          has_fault(part + "_bounce"),       has_fault(part + "_crossed"), has_fault("weak_supply")};
}

void VenetianMotors::update(bool lift, bool tilt) {
  if (lift) lift_.update(permit_.on(), ways_per_second(), faults_of("lift"));
  if (tilt) tilt_.update(permit_.on(), ways_per_second() * kTiltFaster, faults_of("tilt"));
}

void VenetianMotors::pin_changed(int pin) {
  if (permit_.uses(pin)) permit_.pin_changed();
  update(lift_.uses(pin), tilt_.uses(pin));
}

void VenetianMotors::disturbed() {
  update(true, true);
  if (!lift_.turns()) lift_.placed();
  if (!tilt_.turns()) tilt_.placed();
}

// With the highest current, in per cent of what the motor takes when it stands, and how long no edge has come.
std::string VenetianMotors::motor_json(const EncoderMotor& motor, uint32_t peak) {
  std::string json = part_json(motor.body());
  json.pop_back();
  std::string still = std::to_string(std::lround(motor.no_edge_ms()));
  return json + ",\"peak\":" + std::to_string(peak / 10) + ",\"no_edge_ms\":" + still + "}";
}

std::string VenetianMotors::parts() const {
  return JsonObject()
      .add_raw("lift", motor_json(lift_, world_.numbers[0]))
      .add_raw("tilt", motor_json(tilt_, world_.numbers[1]))
      .str();
}

ShadeBody* VenetianMotors::body(const std::string& part) {
  return part == "lift" ? &lift_.body() : part == "tilt" ? &tilt_.body() : nullptr;
}

}  // namespace vphoton
