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
};

// What a driver knows of the shade; one that senses nothing leaves all as it is.
struct Feedback {
  Fault fault = Fault::None;  // found since the last stop()
  int32_t measured = -1;      // hundredths; -1: this driver's position goes by time
  bool absolute = false;      // `measured` is certain, whatever happened before
  bool arrived = false;       // stopped by itself at the leg's aim
  bool at_open = false;       // at that end, by what the driver senses
  bool at_closed = false;
  bool pending = false;   // the last command is not with the motor yet
  bool late = false;      // the motor heard of its last command so late that time does not tell the position
  bool doubtful = false;  // what it senses may be a fault of the sense: at an end, or not having left one
};

class Driver {
 public:
  static constexpr uint32_t kNothingDue = 0xFFFFFFFF;

  // Each returns false when the output did not obey; feedback() may know more.
  virtual bool begin() = 0;
  virtual bool run(const Leg& leg) = 0;
  // Also clears what feedback() found wrong, and is called by the watchdog from another thread.
  virtual bool stop() = 0;
  // The shade has reached its end stop; a driver whose motor stops by itself does nothing.
  virtual bool at_end() = 0;

  // Called in every loop; by the watchdog, too, after its stop(), for as long as the loop stands still.
  virtual void tick(uint32_t now_ms) = 0;
  // Milliseconds until tick() has something to do.
  virtual uint32_t due_in(uint32_t now_ms) = 0;

  virtual Feedback feedback() { return Feedback(); }
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

}  // namespace shade
