// A DC motor on an H-bridge with a quadrature encoder. The edge that reaches the aim stops the motor by itself, so that
// it stands there however busy the application is. Ends are mechanical stops: the motor stands still against them.
//
// Both bridge inputs low brake the motor; on each start its duty rises, and near the aim it falls, so that neither the
// supply nor what hangs on the shaft gets a jerk.
#pragma once

#include "Particle.h"
#include "shade.h"

class EncoderDrive : public shade::Driver {
 public:
  struct Pins {
    pin_t open, close;  // bridge inputs, PWM; never both
    pin_t a, b;         // encoder channels, interrupts
  };

  static constexpr uint32_t kStallMs = 250;      // a motor that comes no nearer to its aim for so long stands
  static constexpr uint32_t kTolerance = 50;     // thousandths of the way an end may be off
  static constexpr uint32_t kHomingExtra = 200;  // thousandths beyond the way until an end must have been met
  static constexpr uint32_t kSettleMs = 1000;    // after a stop, how long a movement is an overrun
  static constexpr uint32_t kMostCoast = 75;     // thousandths of the way a braked motor goes on, at most
  static constexpr uint32_t kRestMs = 60;        // without an edge for so long a motor without power stands
  static constexpr uint8_t kStartDuty = 110;     // of 255: turns any motor that is free
  static constexpr uint32_t kRampMs = 120;       // from there to full duty
  static constexpr uint8_t kSlowDuty = 90;
  static constexpr uint8_t kHomingDuty = 170;  // towards an end that may be anywhere
  static constexpr uint32_t kSlowZone = 80;    // thousandths of the way before the aim
  static constexpr uint32_t kWrongWay = 15;    // thousandths of the way a motor may turn back with its gear's play
  // Impossible encoder steps: one is forgotten every two seconds, and more than eight at a time are a fault.
  static constexpr uint32_t kMostIllegal = 8;
  static constexpr uint32_t kForgetMs = 2000;
  static constexpr uint32_t kLostSteps = 10;  // thousandths of the way that may be lost before an end must be met

  explicit EncoderDrive(const Pins& pins) : pins_(pins) {}

  bool begin() override;
  bool run(const shade::Leg& leg) override;
  bool stop() override;
  void cut() override;
  bool powered() override { return running_; }
  uint8_t duty() override { return static_cast<uint8_t>(duty_ * 100 / kFullDuty); }
  bool at_end() override;
  void tick(uint32_t now_ms) override;
  uint32_t due_in(uint32_t now_ms) override;
  shade::Feedback feedback() override;
  bool senses_ends() override { return true; }
  void aim_at(const shade::Leg& leg) override;
  void place(uint16_t hundredths, uint32_t counts) override;
  uint32_t way() override;

 private:
  static constexpr uint8_t kFullDuty = 255;

  // False: the motor has already arrived, at the aim before.
  bool set_aim(const shade::Leg& leg);
  void edge();  // interrupt
  void power(uint8_t duty);
  void switch_off();
  void ramp(uint32_t now_ms);
  uint8_t most_duty(int32_t ahead) const;
  bool still_running();
  void stands();
  void forget(uint32_t now_ms);
  bool opens() const { return leg_.direction == shade::Direction::Open; }
  // Counts from the aim; negative: beyond it.
  int32_t ahead() const { return opens() ? aim_ - count_ : count_ - aim_; }
  uint8_t phase() const;
  int32_t thousandths(uint32_t share) const { return static_cast<int32_t>(counts_ * share / 1000); }

  const Pins pins_;
  uint32_t counts_ = 1;  // of the whole way
  shade::Leg leg_ = {};
  bool attached_ = false;
  volatile int32_t count_ = 0;
  volatile uint8_t phase_ = 0;
  volatile uint32_t illegal_ = 0;
  volatile uint32_t lost_steps_ = 0;  // that may be missing in count_ since the last end
  volatile bool running_ = false;
  volatile bool cut_ = false;  // since run() began: it gives no power any more
  volatile uint8_t duty_ = 0;
  volatile bool arrived_ = false;
  volatile shade::Fault found_ = shade::Fault::None;
  int32_t aim_ = 0;                  // counts; reaching it stops the motor
  int32_t slow_from_ = 0;            // counts before it
  bool to_end_ = false;              // then it is where the end must have been met
  int32_t from_ = 0;                 // where the run began
  uint32_t way_ = 0;                 // from there to the end it met
  volatile int32_t nearest_ = 0;     // counts from the aim, the least so far
  volatile uint32_t nearer_ms_ = 0;  // when it got there
  uint32_t run_ms_ = 0;
  uint32_t forgot_ms_ = 0;
  volatile int32_t rest_ = 0;  // where it was stopped
  volatile uint32_t stopped_ms_ = 0;
  volatile bool coasting_ = false;    // stopped, and not known to stand
  volatile int32_t coasted_ = 0;      // counts from rest_, the most so far
  volatile uint32_t coasted_ms_ = 0;  // when it got there
  bool at_open_ = false;
  bool at_closed_ = false;
  // Counted from an end that was where it had to be; an end found by standing still alone may be a motor that stands.
  bool proven_ = true;
};
