#include "identifier.h"

namespace shade {

void Identifier::start(uint32_t seconds) {
  active_ = lit_ = true;
  started_ms_ = clock_.now_ms();
  length_ms_ = seconds * 1000;
  indicator_.show(true);
}

void Identifier::tick() {
  if (!active_) return;
  uint32_t elapsed = clock_.now_ms() - started_ms_;
  if (elapsed >= length_ms_) {
    active_ = false;
    indicator_.release();
    return;
  }
  bool lit = elapsed / kHalfPeriodMs % 2 == 0;
  if (lit != lit_) indicator_.show(lit_ = lit);
}

}  // namespace shade
