// A DC motor with a worm gear on an H-bridge, and a quadrature encoder on its shaft, moving one part of a shade between
// two stops. It has inertia, friction and play; the bridge brakes it while it is on with both inputs low (L298, ST's
// data sheet, "fast motor stop"), and lets it run out while it is off.
#pragma once

#include <string>
#include <vector>

#include "worlds/model.h"
#include "worlds/permit_stage.h"

namespace vphoton {

class EncoderMotor {
 public:
  struct Pins {
    int open, close, a, b;  // bridge inputs, encoder channels
  };
  struct Faults {
    bool stall, slip, lost_pulses, dead_encoder, overrun;
    bool dither;   // stands, and one channel goes up and down all the time
    bool bounce;   // each edge comes three times
    bool crossed;  // the channels are exchanged
    bool weak_supply;
  };

  // `counts`: edges of both channels over the whole way. `peak`: the highest current so far, thousandths of what the
  // motor takes when it stands at full duty.
  EncoderMotor(BodyState& state, vphoton::Ports ports, Pins pins, int counts, uint32_t& contradictions, uint32_t& peak);
  ~EncoderMotor();
  EncoderMotor(const EncoderMotor&) = delete;
  EncoderMotor& operator=(const EncoderMotor&) = delete;

  bool uses(int pin) const { return pin == pins_.open || pin == pins_.close; }
  // The bridge or the faults have changed; `ways_per_second` at full duty.
  void update(bool bridge_on, double ways_per_second, const Faults& faults);
  // Put somewhere by hand.
  void placed();
  bool turns() const { return speed_ != 0 || drive() != 0; }
  // How long its drive of now, or the last one, has gone on since its last edge.
  double no_edge_ms() const { return no_edge_ms_; }
  ShadeBody& body() { return body_; }
  const ShadeBody& body() const { return body_; }

 private:
  struct Change {
    uint64_t at_us;
    bool bridge_on;
    double duty;
    double full_speed;
    Faults faults;
  };

  void apply(const Change& change);
  void turn();
  void turn_later();
  void turn_until(uint64_t us);
  void step(double seconds);
  void move_shade(double way, double seconds);
  void show_edges();
  void show(long count, bool seen);
  double drive() const { return bridge_on_ ? duty_ : 0; }

  ShadeBody body_;
  vphoton::Ports ports_;
  const Pins pins_;
  const int counts_;
  uint32_t& contradictions_;
  uint32_t& peak_;
  Faults faults_{};
  bool bridge_on_ = false;
  bool both_ = false;      // inputs are high
  double duty_ = 0;        // -1 ... 1, positive opens
  double full_speed_ = 1;  // ways per second
  double speed_ = 0;       // of the shaft
  double shaft_ = 0;       // ways
  double slipped_ = 0;     // ways the shaft has turned without the shade
  double shade_ = 0;       // 0 ... 1
  double pushed_ms_ = 0;   // since the body heard of it
  double no_edge_ms_ = 0;  // driven without an edge
  double short_s_ = 0;     // the supply has been short of current
  bool plugged_ = false;   // driven against its turning, and that was counted
  uint64_t turned_us_ = 0;
  uint64_t off_us_ = 0;  // when its drive went away
  long count_ = 0;
  std::vector<Change> changes_;  // since the last turn
  bool turning_ = false;         // within turn()
  bool overtaken_ = false;       // an edge's handler has switched since
  Reactor::TimerId timer_ = 0;
};

// venetian: lift on D0 (open) and D1 (close) with encoder D5, D6; tilt on D2 and D3 with encoder A1, A2; the permit
// line of both bridges on A0.
//
// One supply feeds motors and Photon. A weak one (`weak_supply`) bears what a motor takes while it turns, not what it
// takes as it starts: the supply of the Photon dips below its brown-out threshold. Device OS 2.3.1 tells such a reset
// as 50 where the option bytes of the STM32F205 set a threshold; with none the dip goes down to the power-down reset,
// and it is 40 (hal/src/stm32f2xx/core_hal_stm32f2xx.c asks for PORRST before BORRST).
class VenetianMotors : public Model {
 public:
  // The edges over the whole way, and how much faster than the lift the slats turn.
  static constexpr int kLiftCounts = 1200;
  static constexpr int kTiltCounts = 240;
  static constexpr double kTiltFaster = 2;

  VenetianMotors(World& world, Ports ports);

  std::vector<std::string> fault_names() const override;
  void pin_changed(int pin) override;
  void disturbed() override;
  std::string parts() const override;
  ShadeBody* body(const std::string& part) override;

 private:
  static std::string motor_json(const EncoderMotor& motor, uint32_t peak);
  EncoderMotor::Faults faults_of(const std::string& part) const;
  void update(bool lift, bool tilt);

  PermitStage permit_;
  EncoderMotor lift_;
  EncoderMotor tilt_;
};

}  // namespace vphoton
