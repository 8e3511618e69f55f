// What watches an application run: called before each instruction and at each access to memory.
#pragma once

#include <cstdint>

namespace vphoton::machine {

struct Registers;

class Observer {
 public:
  virtual ~Observer() = default;
  // Before the instruction at r[15]. Not `executed`: it stands in an IT block and its condition fails.
  virtual void instruction(const Registers& regs, bool executed) = 0;
  // After the instruction under way has read or written so many bytes. Writes of exception frames are among them.
  virtual void read(uint32_t address, uint32_t size) = 0;
  virtual void written(uint32_t address, uint32_t size) = 0;
};

}  // namespace vphoton::machine
