// How long a motor may run before it must cool: its duty over time, as a motor for short-time duty has it on its plate.
#pragma once

#include <stdint.h>

namespace shade {

struct ThermalRules {
  // At full duty, from cold. Shade motors are made for short-time duty, "S2 4 min" of IEC 60034-1 on most plates.
  uint32_t budget_ms = 240000;
  // Rest that gives back a millisecond. Makers ask for about 20 minutes after the 4.
  uint32_t cooling_factor = 5;
};

class ThermalBudget {
 public:
  explicit ThermalBudget(const ThermalRules& rules) : rules_(rules) {}

  // `duty`: 0 ... 100 per cent, over the last `ms`; 0: it rests.
  void spend(uint8_t duty, uint32_t ms);

  // No new move; a running one may end.
  bool spent() const { return heat_ms_ >= rules_.budget_ms; }
  // A quarter beyond the budget: what runs must be stopped.
  bool exceeded() const { return heat_ms_ >= rules_.budget_ms + rules_.budget_ms / 4; }

  // For the journal: seconds at full duty, and as many again that it may have run unseen.
  uint16_t seconds() const { return static_cast<uint16_t>((heat_ms_ + 999) / 1000); }
  void restore(uint16_t seconds, bool was_running);

 private:
  // What a power cut in motion may have cost: power came back, and nothing tells how long it had run.
  uint32_t unseen_ms() const { return rules_.budget_ms / 16; }

  const ThermalRules rules_;
  uint32_t heat_ms_ = 0;
  uint8_t parts_ = 0;     // hundredths of a millisecond, below one of heat
  uint32_t rest_ms_ = 0;  // below one millisecond of cooling
};

}  // namespace shade
