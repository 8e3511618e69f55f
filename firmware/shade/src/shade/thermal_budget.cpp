#include "thermal_budget.h"

namespace shade {

namespace {

const uint32_t kMost = 0x3FFFFFFF;

}  // namespace

void ThermalBudget::spend(uint8_t duty, uint32_t ms) {
  if (ms > kMost / 100) ms = kMost / 100;
  if (duty > 0) {
    uint32_t spent = parts_ + ms * duty;
    heat_ms_ += spent / 100;
    parts_ = static_cast<uint8_t>(spent % 100);
    if (heat_ms_ > kMost) heat_ms_ = kMost;
    return;
  }
  rest_ms_ += ms;
  uint32_t cooled = rest_ms_ / rules_.cooling_factor;
  rest_ms_ -= cooled * rules_.cooling_factor;
  heat_ms_ -= cooled < heat_ms_ ? cooled : heat_ms_;
}

void ThermalBudget::restore(uint16_t seconds, bool was_running) {
  heat_ms_ = seconds * 1000u + (was_running ? unseen_ms() : 0);
  uint32_t most = rules_.budget_ms + rules_.budget_ms / 4;
  if (heat_ms_ > most) heat_ms_ = most;
}

}  // namespace shade
