// What stands guard while a motor may have power: the watchdog's timer, the permit line, updates held back.
#pragma once

namespace shade {

class Guard {
 public:
  // Before power is given.
  virtual void arm() = 0;
  // Every tenth of a second from the watchdog's timer, as long as the loop goes round: without it the board's power
  // stage switches itself off.
  virtual void renew() = 0;
  // Everything rests.
  virtual void disarm() = 0;

 protected:
  ~Guard() = default;
};

// What must be done before a motor runs, however it comes to run.
class RunGate {
 public:
  virtual void before_run() = 0;

 protected:
  ~RunGate() = default;
};

}  // namespace shade
