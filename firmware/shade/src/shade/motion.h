// One moving part: where it is, by timed travel or as its driver measures it, and when it stops.
//
//   Rest --move_to--> Running --arrived, stop()--> Coasting --stands--> Rest
//     \                  | other direction, or something met while closing
//      \---dead time--> Pause --dead time over, stands--> Running
#pragma once

#include <stdint.h>

#include "clock.h"
#include "driver.h"
#include "guard.h"
#include "travel.h"

namespace shade {

class Motion {
 public:
  Motion(Driver& driver, Clock& clock, const MotionRules& rules, const Travel& travel);

  // Hears of each run before the driver does.
  void guard_with(RunGate& gate) { gate_ = &gate; }
  // The driver is not called any more; nothing moves from now on, and the position is a guess.
  void disconnect();
  // When the driver does not obey, moving is refused from the start.
  void begin();
  // Both only while at rest. `known` false: the position is a guess (power was lost in motion); the next move to
  // 1 ... 99 closes the shade fully first.
  void set_travel(const Travel& travel) { travel_ = travel; }
  void set_position(uint16_t hundredths, bool known);

  // 0 closed ... 100 open; returns the target, or kFaulted when the driver does not obey.
  int move_to(int target);
  // To an end, 0 or 100, wherever it is; returns as move_to() does.
  int learn(int end);
  // Returns the position the shade is left at, or kFaulted. Clears the fault if the driver obeys again.
  int stop();
  // Stops with a fault, whatever is going on.
  void fail(Fault fault);
  // Takes the power away and nothing else: for the watchdog, from another thread.
  void cut() { driver_->cut(); }
  bool powered() const { return driver_->powered(); }
  // A round of the driver alone, after cut().
  void carry_out() { driver_->tick(clock_.now_ms()); }
  // What the motor's heat grows by: per cent of full power, 0 while it is not told to run.
  uint8_t duty() const { return phase_ == Phase::Running ? driver_->duty() : 0; }
  void tick();

  int position() const { return (hundredths() + 50) / 100; }
  uint16_t hundredths() const;  // 0 ... 10000
  bool known() const { return known_; }
  int target() const { return target_; }
  bool moving() const { return phase_ != Phase::Rest; }
  Fault fault() const { return fault_; }
  // Whether the motor may still move, because its last command is on the way.
  bool pending() const { return driver_->feedback().pending; }
  // Whether the place the last move ended at was sensed with doubt.
  bool doubtful() const { return doubtful_; }
  // Whether reaching an end is sensed or measured, not only assumed when its time is over.
  bool finds_ends() const { return driver_->senses_ends() || driver_->feedback().measured >= 0; }
  uint32_t moves() const { return moves_; }
  uint32_t due_in() const;  // milliseconds until tick() has something to do, Driver::kNothingDue at rest

 private:
  enum class Phase { Rest, Running, Pause, Coasting };

  int go_to(int target);
  int leg_target() const;
  bool start_leg();
  bool halt();
  void doubt_if_late(uint32_t since_ms);
  void rest_at(uint16_t hundredths);
  void follow_leg(const Feedback& seen, uint32_t now);
  bool stands_still(const Feedback& seen, uint32_t now);
  bool back_off(const Feedback& seen, Fault met);
  void watch_rest(const Feedback& seen);
  bool failed();
  uint32_t travel_ms() const { return direction_ == Direction::Open ? travel_.first : travel_.second; }

  Driver* driver_;
  RunGate* gate_ = nullptr;
  Clock& clock_;
  const MotionRules rules_;
  Travel travel_;

  Phase phase_ = Phase::Rest;
  Direction direction_ = Direction::Close;
  int target_ = 0;
  bool known_ = true;
  bool learns_ = false;  // as of Leg
  Fault fault_ = Fault::None;
  Fault obstacle_ = Fault::None;  // met while closing; the way back is being made
  bool settling_ = false;         // stopped, and the dead time has not passed yet
  bool doubtful_ = false;
  bool sensed_ = false;      // it rests at an end that its driver senses
  bool corrected_ = false;   // an end was met where none was expected, and the way back is being made
  uint32_t stopped_ms_ = 0;  // when it was stopped
  uint32_t run_ms_ = 0;      // since when the driver runs, whatever its aim
  uint32_t leg_start_ms_ = 0;
  uint32_t leg_run_ms_ = 0;
  int leg_to_ = 0;
  uint16_t leg_from_ = 0;   // hundredths; at rest: the position
  uint16_t furthest_ = 0;   // hundredths, in the direction of the run
  uint32_t nearer_ms_ = 0;  // when it got there
  uint32_t moves_ = 0;
};

}  // namespace shade
