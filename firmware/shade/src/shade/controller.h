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

namespace shade {

// What makes one variant different from another, besides its Driver.
struct Identity {
  const char* variant;
  int product;
  int version;
  MotionRules rules;
  TravelTimes travel;  // until the shade is calibrated
};

// Hears every event as it happens: `kind` is boot, moved or fault, `data` the JSON object the cloud gets.
class Observer {
 public:
  virtual void on_event(const char* kind, const char* data) = 0;

 protected:
  ~Observer() = default;
};

class Controller {
 public:
  struct Ports {
    Driver& driver;
    Clock& clock;
    Storage& storage;
    Publisher& publisher;
    Indicator& indicator;
    Board& board;
  };

  Controller(const Identity& identity, const Ports& ports);

  void begin(Observer& observer);
  void tick();
  uint32_t due_in() const { return motion_.due_in(); }

  // Cloud functions; see surface.h. Arguments that are not understood change nothing.
  int move(const char* argument);
  int identify(const char* argument);
  int calibrate(const char* argument);

  const Identity& identity() const { return identity_; }
  const char* fw() const { return fw_; }
  int position() const { return motion_.position(); }
  int target() const { return motion_.target(); }
  bool moving() const { return motion_.moving(); }
  bool known() const { return motion_.known(); }
  bool calibrated() const { return calibrated_; }
  TravelTimes travel() const { return travel_; }
  Fault fault() const;
  // JSON object, at most 160 characters.
  void write_health(char* buffer, size_t size);

 private:
  bool store(bool in_motion);
  void settle();
  void raise(Fault fault);
  void emit(const char* kind, const char* name, const char* data);

  const Identity identity_;
  Board& board_;
  Clock& clock_;
  Motion motion_;
  SettingsStore settings_;
  EventQueue events_;
  Identifier identifier_;
  Observer* observer_ = nullptr;

  char fw_[24];
  TravelTimes travel_;
  bool calibrated_ = false;
  bool driver_failed_ = false;   // and reported
  bool storage_failed_ = false;  // and reported
  bool settings_lost_ = false;
  bool was_moving_ = false;
  bool stop_commanded_ = false;
  uint32_t uptime_s_ = 0;
  uint32_t uptime_counted_ms_ = 0;
};

}  // namespace shade
