// What a variant implements: the outputs that move its shade. Motion never asks for both directions at once.
#pragma once

#include <stdint.h>

namespace shade {

enum class Direction { Open, Close };

class Driver {
 public:
  static constexpr uint32_t kNothingDue = 0xFFFFFFFF;

  // Each returns false when the output did not obey.
  virtual bool begin() = 0;
  virtual bool run(Direction direction) = 0;
  virtual bool stop() = 0;
  // The shade has reached its end stop in the time it takes; a driver whose motor stops by itself does nothing.
  virtual bool at_end() = 0;

  // Called in every loop.
  virtual void tick(uint32_t now_ms) = 0;
  // Milliseconds until tick() has something to do.
  virtual uint32_t due_in(uint32_t now_ms) = 0;

 protected:
  ~Driver() = default;
};

}  // namespace shade
