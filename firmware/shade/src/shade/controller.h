// The shade as its users know it: commands in, position, events and health out. Knows nothing of Particle or of pins.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "board_record.h"
#include "clock.h"
#include "codes.h"
#include "event_queue.h"
#include "guard.h"
#include "household.h"
#include "identifier.h"
#include "learning.h"
#include "motion.h"
#include "settings_store.h"
#include "thermal_budget.h"

namespace shade {

// What makes one variant different from another, besides its drivers.
struct Identity {
  const char* variant;
  int product;
  int version;
  bool experimental;  // a build for single devices, named so wherever it shows itself
  MotionRules rules;
  Measure measure;
  Travel travel;  // until the shade is calibrated
  ThermalRules heat = ThermalRules();
};

// Hears every event as it happens: `kind` is boot, moved, tilted or fault, `data` the JSON object the cloud gets.
class Observer {
 public:
  virtual void on_event(const char* kind, const char* data) = 0;

 protected:
  ~Observer() = default;
};

class Controller {
 public:
  // How long a scheduled move is tried, and an answer of the cloud is waited for.
  static constexpr uint32_t kScheduledS = 900;
  static constexpr uint32_t kAnswerS = 15;
  static constexpr uint32_t kAskAgainS = 3600;
  // A loop that takes longer while something moves is a fault, and the motors are stopped.
  static constexpr uint32_t kLongestLoopMs = 1000;

  struct Ports {
    Driver& driver;
    Clock& clock;
    Storage& storage;
    Publisher& publisher;
    Indicator& indicator;
    Board& board;
    Driver* tilt;            // null: nothing tilts
    Guard* guard = nullptr;  // null: nothing watches
  };

  Controller(const Identity& identity, const Ports& ports);

  // Puts the outputs at rest, on a board that is this variant's: the first thing a device does.
  void start_outputs();
  void begin(Observer& observer);
  void tick();
  // The watchdog: from a timer, so that it runs when the loop does not.
  void watch();
  // Before a reset or an update: everything stops, as if commanded, with this as the cause.
  void halt(const char* cause);
  // While an update arrives nothing moves, and no move is taken.
  void begin_update();
  void end_update() { updating_ = false; }
  uint32_t due_in() const;

  // Cloud functions; see surface.h. Arguments that are not understood change nothing.
  int move(const char* argument);
  int tilt(const char* argument);
  int identify(const char* argument);
  // Two numbers, `reset`; where edges are counted also `learn`, `mark` and `cancel`, see learning.h.
  int calibrate(const char* argument);
  int schedule(const char* argument);
  int groups(const char* argument);
  int owner(const char* argument);
  // An event `shade/to/...` has come, a command for a group, or what the device asked itself.
  void addressed(const char* name, const char* data);
  // The name of the event by which it asks the cloud whether it has an owner; from begin() on.
  const char* asks() const { return asks_; }
  // SETUP says that the owner gives the device up.
  void ask_release();
  // The console's: whoever stands before the board says which variant it is wired for. It must be this one; it counts
  // from the next start.
  int tie_board(const char* variant);
  // The installer's page; false when it is too long or could not be stored.
  bool name_site(const char* text);

  const Identity& identity() const { return identity_; }
  const char* fw() const { return fw_; }
  // The variant the board is wired for; empty: none is told.
  const char* wired_for() const { return board_record_.name(); }
  const char* site() const { return household_.site(); }
  const Household& household() const { return household_; }
  // Goes up when the household changes.
  uint32_t household_changes() const { return household_changes_; }
  // Whether somebody owns it: by what the cloud answered last, before that by what is stored.
  bool claimed() const;
  int position() const { return lift_.motion.position(); }
  int target() const { return lift_.motion.target(); }
  int tilt_position() const { return tilt_.motion.position(); }
  bool has_tilt() const { return has_tilt_; }
  bool moving() const { return lift_.motion.moving() || tilt_.motion.moving(); }
  // Something moves, or an output is held that must not stay so.
  bool active() const { return moving() || needs_rounds(lift_) || needs_rounds(tilt_); }
  bool known() const { return lift_.motion.known() && tilt_.motion.known(); }
  bool calibrated() const { return calibrated_; }
  Travel travel() const { return travel_; }
  const Learning& learning() const { return learning_; }
  const char* learning_part() const { return learning_.part() == 0 ? "lift" : "tilt"; }
  Fault fault() const;
  // JSON object, at most 230 characters.
  void write_health(char* buffer, size_t size);

 private:
  struct Axis : RunGate {
    Axis(Controller& of, Driver& driver, Clock& clock, const Identity& identity)
        : owner(of), motion(driver, clock, identity.rules, identity.travel), heat(identity.heat) {}
    void before_run() override { owner.before_run(*this); }
    Controller& owner;
    Motion motion;
    ThermalBudget heat;
    bool starts = false;  // about to get power
    Fault reported = Fault::None;
    bool was_moving = false;
    bool was_pending = false;
    const char* stopped_by = nullptr;  // cause of a stop that was commanded
  };

  // Nothing moves as far as is known, and a last command is on its way to a motor with a fault.
  bool unreachable() const;
  static bool needs_rounds(const Axis& axis) { return axis.motion.powered() || axis.motion.pending(); }
  int command(Axis& axis, const char* argument);
  void before_run(Axis& axis);
  void place_drivers(uint16_t lift, uint16_t tilt);
  void spend_heat(uint32_t now);
  void keep_schedule();
  void ask_cloud();
  int changed(int result);
  void tell_owner(bool cleared);
  int set_travel(const Travel& travel, bool own);
  int learn(const char* argument);
  void follow_learning();
  void give_up_learning(const char* cause);
  void tell_learning(const char* step, uint32_t counts);
  bool store();
  void apply_travel();
  void settle();
  bool settle(Axis& axis);
  bool motor_heard(Axis& axis);
  static bool rests(const Axis& axis);
  void report_rest(Axis& axis);
  const char* cause_of_rest(const Axis& axis) const;
  void raise(Fault fault);
  void emit(const char* kind, const char* name, const char* data);
  AxisRecord record_of(const Axis& axis) const;

  const Identity identity_;
  Board& board_;
  Clock& clock_;
  Driver& lift_driver_;
  Driver* tilt_driver_;
  const bool has_tilt_;
  Axis lift_;
  Axis tilt_;
  Guard* guard_;
  Storage& storage_;
  SettingsStore settings_;
  BoardRecord board_record_;
  Household household_;
  EventQueue events_;
  Identifier identifier_;
  Learning learning_;
  Observer* observer_ = nullptr;

  char fw_[40];
  Travel travel_;
  bool calibrated_ = false;
  bool storage_failed_ = false;  // and reported
  bool settings_lost_ = false;
  bool outputs_started_ = false;
  bool foreign_board_ = false;  // wired for another variant
  bool updating_ = false;
  uint32_t heat_counted_ms_ = 0;
  uint32_t uptime_s_ = 0;
  uint32_t uptime_counted_ms_ = 0;
  uint32_t run_s_ = 0, run_ms_ = 0;
  uint32_t household_changes_ = 0;
  int scheduled_ = -1;  // a move of the schedule that is not made yet
  uint32_t scheduled_s_ = 0;
  char asks_[sizeof "shade/own/" + 24];
  enum class Answer { None, Owned, Unowned } answer_ = Answer::None;
  bool asked_ = false;     // in this connection, or this hour
  bool answered_ = false;  // since
  uint32_t asked_s_ = 0;
  volatile uint32_t ticked_ms_ = 0;
  volatile bool armed_ = false;  // the guard is
  volatile bool cut_ = false;    // by the watchdog
};

}  // namespace shade
