// Decides when the system has its turn while an application computes. Without one: after each million instructions.
#pragma once

#include <cstdint>

namespace vphoton::system {

class Application;

class Schedule {
 public:
  virtual ~Schedule() = default;
  // From now on the application may run, until it has ended.
  virtual void begins(Application& application) = 0;
  virtual void ended() = 0;
  // How many instructions the application executes before `turn`; 0: `ticks` is asked before the next. Asked between
  // two instructions.
  virtual uint64_t slice() = 0;
  // It has executed so many: its time goes on.
  virtual void ran(uint64_t instructions) = 0;
  // The slice is over.
  virtual void turn() = 0;
  // Whether the tick has come, with which equal threads take turns. Asked after each slice while there are several.
  virtual bool ticks() = 0;
  // Nothing of the application can run: time goes on, at most so long.
  virtual void rests(uint32_t ms) = 0;
  // It calls a function of the system.
  virtual void calls(const char* function) = 0;
};

}  // namespace vphoton::system
