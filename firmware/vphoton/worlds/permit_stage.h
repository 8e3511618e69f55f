// What switches a board's power stage: a retriggerable monostable on the permit line. Each edge keeps it on for a
// while; a line that stands, at whatever level, lets it fall off.
#pragma once

#include <cstdint>
#include <functional>

#include "worlds/model.h"

namespace vphoton {

class PermitStage {
 public:
  // 74HC123, K = 0.45 at 5 V (Nexperia's data sheet, "output pulse width"): 820 kOhm and 1 uF, 369 ms; both within 10
  // %.
  static constexpr uint64_t kHoldMs = 369;

  // `changed` hears of the stage going on and off.
  PermitStage(Ports ports, int pin, std::function<void()> changed)
      : ports_(ports), pin_(pin), changed_(std::move(changed)) {}
  ~PermitStage() { ports_.reactor.cancel(timer_); }
  PermitStage(const PermitStage&) = delete;
  PermitStage& operator=(const PermitStage&) = delete;

  bool uses(int pin) const { return pin == pin_; }
  bool on() const { return on_; }
  void pin_changed();

 private:
  void set(bool on);

  Ports ports_;
  const int pin_;
  const std::function<void()> changed_;
  int level_ = 0;
  bool on_ = false;
  Reactor::TimerId timer_ = 0;
};

}  // namespace vphoton
