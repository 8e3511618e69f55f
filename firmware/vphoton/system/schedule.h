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
  // How many instructions the application executes before `turn`, at least 1. Asked between two instructions.
  virtual uint64_t slice() = 0;
  // It has executed so many: its time goes on.
  virtual void ran(uint64_t instructions) = 0;
  // The slice is over.
  virtual void turn() = 0;
  // It calls a function of the system.
  virtual void calls(const char* function) = 0;
};

}  // namespace vphoton::system
