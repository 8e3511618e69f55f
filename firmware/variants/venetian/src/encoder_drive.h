// A DC motor on an H-bridge with a quadrature encoder. The edge that reaches the aim stops the motor by itself, so that
// it stands there however busy the application is. Ends are mechanical stops: the motor stands still against them.
#pragma once

#include "Particle.h"
#include "shade.h"

class EncoderDrive : public shade::Driver {
 public:
  struct Pins {
    pin_t open, close;  // bridge inputs, PWM; never both
    pin_t a, b;         // encoder channels, interrupts
  };

  static constexpr uint32_t kStallMs = 250;      // without an edge the motor stands
  static constexpr uint32_t kTolerance = 50;     // thousandths of the way an end may be off
  static constexpr uint32_t kHomingExtra = 200;  // thousandths beyond the way until an end must have been met
  static constexpr uint32_t kSettleMs = 1000;    // after a stop, how long a movement is an overrun
  static constexpr uint32_t kMostIllegal = 8;    // impossible encoder steps in a run that are put up with

  explicit EncoderDrive(const Pins& pins) : pins_(pins) {}

  bool begin() override;
  bool run(const shade::Leg& leg) override;
  bool stop() override;
  bool at_end() override;
  void tick(uint32_t now_ms) override;
  uint32_t due_in(uint32_t now_ms) override;
  shade::Feedback feedback() override;
  bool senses_ends() override { return true; }
  void aim_at(const shade::Leg& leg) override;
  void place(uint16_t hundredths, uint32_t counts) override;

 private:
  // False: the motor has already arrived, at the aim before.
  bool set_aim(const shade::Leg& leg);
  void edge();  // interrupt
  void cut();
  void stands();
  uint8_t phase() const;
  int32_t thousandths(uint32_t share) const { return static_cast<int32_t>(counts_ * share / 1000); }

  const Pins pins_;
  uint32_t counts_ = 1;  // of the whole way
  shade::Leg leg_ = {};
  bool attached_ = false;
  volatile int32_t count_ = 0;
  volatile uint8_t phase_ = 0;
  volatile uint32_t illegal_ = 0;
  volatile uint32_t edge_ms_ = 0;
  volatile bool running_ = false;
  volatile bool arrived_ = false;
  volatile shade::Fault found_ = shade::Fault::None;
  int32_t aim_ = 0;      // counts; reaching it stops the motor
  bool to_end_ = false;  // then it is where the end must have been met
  int32_t from_ = 0;     // where the run began
  int32_t rest_ = 0;     // where it was stopped
  uint32_t stopped_ms_ = 0;
  bool at_open_ = false;
  bool at_closed_ = false;
  // Counted from an end that was where it had to be; an end found by standing still alone may be a motor that stands.
  bool proven_ = true;
};
