// A trial whose times are drawn from its seed: how many instructions go by until the system has its turn, how long they
// take, and how long the system then keeps the application waiting. So interrupts and timers come at other instructions
// with each seed, and at the same ones again with the same.
#pragma once

#include <random>

#include "trial/trial.h"

namespace vphoton::trial {

class SeededTrial : public Trial {
 public:
  SeededTrial(const Plan& plan, const ModuleImage& image) : Trial(plan, image), random_(*plan.seed) {}

  uint64_t slice() override;
  void ran(uint64_t instructions) override;
  void turn() override;
  bool ticks() override { return below(2) == 0; }

 private:
  uint32_t below(uint32_t bound) { return random_() % bound; }

  std::mt19937 random_;
};

}  // namespace vphoton::trial
