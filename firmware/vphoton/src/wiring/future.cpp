// Future<bool>: waiting keeps the system running.
#include "core/device.h"

#include "application.h"

namespace particle {

Future<bool>::Future(bool outcome) : state_(std::make_shared<State>(outcome ? State::Succeeded : State::Failed)) {}

bool Future<bool>::wait(int timeout) const {
  uint32_t started = millis();
  while (!isDone() && (timeout <= 0 || millis() - started < static_cast<uint32_t>(timeout))) delay(1);
  return isDone();
}

}  // namespace particle
