// A DC motor on an H-bridge with a quadrature encoder on its shaft, moving one part of a shade between two stops.
#pragma once

#include <string>
#include <vector>

#include "peripherals/model.h"

namespace vphoton {

class EncoderMotor {
 public:
  struct Pins {
    int open, close, a, b;  // bridge inputs, encoder channels
  };
  struct Faults {
    bool stall, slip, lost_pulses, dead_encoder, overrun;
  };

  // `counts`: edges of both channels over the whole way.
  EncoderMotor(BodyState& state, vphoton::Ports ports, Pins pins, int counts, uint32_t& contradictions);
  ~EncoderMotor();

  bool uses(int pin) const { return pin == pins_.open || pin == pins_.close; }
  // The bridge inputs or the faults have changed; `ways_per_second` at full duty.
  void update(double ways_per_second, const Faults& faults);
  void placed();
  ShadeBody& body() { return body_; }
  const ShadeBody& body() const { return body_; }

 private:
  double shaft() const { return body_.position() + slipped_; }
  void set_speed(double speed);
  void turn();
  void show(bool seen);

  ShadeBody body_;
  vphoton::Ports ports_;
  const Pins pins_;
  const int counts_;
  uint32_t& contradictions_;
  Faults faults_{};
  double speed_ = 0;    // of the shaft, ways per second
  double slipped_ = 0;  // how far the shaft has turned without the shade
  uint64_t turned_us_ = 0;
  long count_ = 0;
  bool turning_ = false;  // within turn()
  Reactor::TimerId timer_ = 0;
  Reactor::TimerId coasting_ = 0;
};

// venetian: lift on D0 (open) and D1 (close) with encoder D5, D6; tilt on D2 and D3 with encoder A1, A2.
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
  EncoderMotor::Faults faults_of(const std::string& part) const;
  void update(bool lift, bool tilt);

  EncoderMotor lift_;
  EncoderMotor tilt_;
};

}  // namespace vphoton
