// Timer.
#include "core/device.h"

#include "application.h"

using vphoton::device;

bool Timer::start(unsigned) {
  stop();
  id_ = device().start_timer(period_ms_, [this] { expired(); });
  return true;
}

bool Timer::stop(unsigned) {
  if (id_) device().cancel_timer(id_);
  id_ = 0;
  return true;
}

void Timer::expired() {
  id_ = 0;
  if (!one_shot_) start();
  timeout();
}
