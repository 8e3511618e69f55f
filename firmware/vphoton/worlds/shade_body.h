// A shade as a thing: where it is follows from when it was set in motion and how fast, so that nothing has to happen
// while it moves. It goes on through a power cut or a reset of the Photon.
#pragma once

#include <cstdint>

namespace vphoton {

// Kept in world.bin.
struct BodyState {
  double from = 0;        // 0 closed ... 1 open
  double speed = 0;       // ways per second, positive opens
  uint64_t since_us = 0;  // of the machine's monotonic clock
  double pushed_ms = 0;   // how long it was driven against an end
};

class ShadeBody {
 public:
  // A motor with `own_limits` is never driven against an end.
  explicit ShadeBody(BodyState& state, bool own_limits = false) : state_(state), own_limits_(own_limits) {}

  double position() const;
  double speed() const { return state_.speed; }
  // In motion, and not yet at an end.
  bool moves() const;
  // Milliseconds until `position` is reached, or -1.
  double ms_until(double position) const;
  double pushed_ms() const;

  void drive(double speed);
  // For models that compute its motion themselves: where it is and how fast, and how long it was pushed since the last
  // time.
  void follow(double position, double speed, double pushed_ms);
  // Put there by hand; stands still.
  void place(double position);

 private:
  double unbounded() const;

  BodyState& state_;
  const bool own_limits_;
};

}  // namespace vphoton
