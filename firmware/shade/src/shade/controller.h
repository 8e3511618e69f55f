// The shade as its users know it: commands in, position, events and health out. Knows nothing of Particle or of pins.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "clock.h"
#include "codes.h"
#include "event_queue.h"
#include "identifier.h"
#include "motion.h"
#include "settings_store.h"
#include "site_name.h"

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
  // A loop that takes longer while something moves is a fault, and the motors are stopped.
  static constexpr uint32_t kLongestLoopMs = 1000;

  struct Ports {
    Driver& driver;
    Clock& clock;
    Storage& storage;
    Publisher& publisher;
    Indicator& indicator;
    Board& board;
    Driver* tilt;  // null: nothing tilts
  };

  Controller(const Identity& identity, const Ports& ports);

  void begin(Observer& observer);
  void tick();
  // The watchdog: from a timer, so that it runs when the loop does not.
  void watch();
  // Before a reset or an update: everything stops, as if commanded, with this as the cause.
  void halt(const char* cause);
  uint32_t due_in() const;

  // Cloud functions; see surface.h. Arguments that are not understood change nothing.
  int move(const char* argument);
  int tilt(const char* argument);
  int identify(const char* argument);
  int calibrate(const char* argument);
  // The installer's page; false when it is too long or could not be stored.
  bool name_site(const char* text);

  const Identity& identity() const { return identity_; }
  const char* fw() const { return fw_; }
  const char* site() const { return site_.text(); }
  int position() const { return lift_.motion.position(); }
  int target() const { return lift_.motion.target(); }
  int tilt_position() const { return tilt_.motion.position(); }
  bool has_tilt() const { return has_tilt_; }
  bool moving() const { return lift_.motion.moving() || tilt_.motion.moving(); }
  bool known() const { return lift_.motion.known() && tilt_.motion.known(); }
  bool calibrated() const { return calibrated_; }
  Travel travel() const { return travel_; }
  Fault fault() const;
  // JSON object, at most 180 characters.
  void write_health(char* buffer, size_t size);

 private:
  struct Axis {
    Axis(Driver& driver, Clock& clock, const MotionRules& rules, const Travel& travel)
        : motion(driver, clock, rules, travel) {}
    Motion motion;
    Fault reported = Fault::None;
    bool was_moving = false;
    bool was_pending = false;
    const char* stopped_by = nullptr;  // cause of a stop that was commanded
  };

  int command(Axis& axis, const char* argument);
  bool store();
  void apply_travel();
  void settle();
  bool settle(Axis& axis);
  bool motor_heard(Axis& axis);
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
  SettingsStore settings_;
  SiteName site_;
  EventQueue events_;
  Identifier identifier_;
  Observer* observer_ = nullptr;

  char fw_[40];
  Travel travel_;
  bool calibrated_ = false;
  bool storage_failed_ = false;  // and reported
  bool settings_lost_ = false;
  uint32_t uptime_s_ = 0;
  uint32_t uptime_counted_ms_ = 0;
  volatile uint32_t ticked_ms_ = 0;
  volatile bool cut_ = false;  // by the watchdog
};

}  // namespace shade
