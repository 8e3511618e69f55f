// What a variant implements: the outputs that move a part of its shade, and what it senses of it. Motion never asks
// for both directions at once.
#pragma once

#include <stdint.h>

#include "codes.h"
#include "travel.h"

namespace shade {

enum class Direction { Open, Close };

// One run in one direction.
struct Leg {
  Direction direction;
  uint16_t aim;  // hundredths, 0 closed ... 10000 open, where it is to end
  bool known;    // the position it begins at is more than a guess
  // The end it leads to may be anywhere: how far it is, is what is to be found out.
  bool learns = false;
};

// What a driver knows of the shade; one that senses nothing leaves all as it is.
struct Feedback {
  int32_t measured = -1;      // hundredths; -1: this driver's position goes by time
  Fault fault = Fault::None;  // found since the last stop()
  bool absolute = false;      // `measured` is certain, whatever happened before
  bool arrived = false;       // stopped by itself at the leg's aim
  bool at_open = false;       // at that end, by what the driver senses
  bool at_closed = false;
  bool pending = false;   // the last command is not with the motor yet
  bool coasting = false;  // its power is off, and it still turns; a driver that sets it clears it within seconds
  bool lost = false;      // what is measured may be off by more than a per cent: an end must be met again
  bool late = false;      // the motor heard of its last command so late that time does not tell the position
  bool doubtful = false;  // what it senses may be a fault of the sense: at an end, or not having left one
};

// Nothing is called before begin() but the constructor, which touches no pin: on the board of another variant begin()
// never comes.
class Driver {
 public:
  static constexpr uint32_t kNothingDue = 0xFFFFFFFF;

  // Each returns false when the output did not obey; feedback() may know more.
  virtual bool begin() = 0;
  virtual bool run(const Leg& leg) = 0;
  // Orderly; also clears what feedback() found wrong.
  virtual bool stop() = 0;
  // Takes the motor's power away at once, from the watchdog's timer or an interrupt: no lock, no storage, no memory, no
  // waiting, and safe in the middle of any other call. A driver whose only way is a message sends it.
  virtual void cut() { stop(); }
  // An output that must not be left as it is: power on the motor, a contact that is held.
  virtual bool powered() { return false; }
  // Per cent of full power the motor gets while it runs, for its thermal budget.
  virtual uint8_t duty() { return 100; }
  // The shade has reached its end stop; a driver whose motor stops by itself does nothing.
  virtual bool at_end() = 0;

  // Called in every loop; by the watchdog, too, after its cut(), for as long as the loop stands still.
  virtual void tick(uint32_t now_ms) = 0;
  // Milliseconds until tick() has something to do.
  virtual uint32_t due_in(uint32_t now_ms) = 0;

  virtual Feedback feedback() { return Feedback(); }
  // Encoder edges since the last run began, and when it met an end, up to there.
  virtual uint32_t way() { return 0; }
  // Ends are met, never assumed: an end that time alone says is there is a fault.
  virtual bool senses_ends() { return false; }
  // The running leg goes on in its direction, to another aim.
  virtual void aim_at(const Leg&) {}
  // At start and after a calibration, for drivers that measure: where the shade was left, and what `counts` its whole
  // way is.
  virtual void place(uint16_t, uint32_t) {}

 protected:
  ~Driver() = default;
};

// Drives nothing.
class NoDriver : public Driver {
 public:
  bool begin() override { return true; }
  bool run(const Leg&) override { return true; }
  bool stop() override { return true; }
  bool at_end() override { return true; }
  void tick(uint32_t) override {}
  uint32_t due_in(uint32_t) override { return kNothingDue; }
};

}  // namespace shade
