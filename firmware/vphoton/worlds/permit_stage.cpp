#include "worlds/permit_stage.h"

#include <utility>

namespace vphoton {

void PermitStage::pin_changed() {
  int level = ports_.pins.duty(pin_) != 0;
  if (std::exchange(level_, level) == level) return;
  ports_.reactor.cancel(timer_);
  timer_ = ports_.reactor.after(kHoldMs, [this] {
    timer_ = 0;
    set(false);
  });
  set(true);
}

void PermitStage::set(bool on) {
  if (std::exchange(on_, on) != on) changed_();
}

}  // namespace vphoton
