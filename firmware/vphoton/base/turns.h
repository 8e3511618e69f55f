// How a reactor waits when its thread is not its own.
#pragma once

#include <poll.h>

#include <vector>

namespace vphoton {

class Turns {
 public:
  virtual ~Turns() = default;
  // Lets others go on; returns when one of the descriptors may be ready, `ms` are over (-1: never) or the reactor is
  // woken. With 0 ms the others have one turn. False: no descriptor is ready.
  virtual bool wait(const std::vector<pollfd>& descriptors, int ms) = 0;
  // The descriptor is about to be closed.
  virtual void forget(int descriptor) = 0;
};

}  // namespace vphoton
