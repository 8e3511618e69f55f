// What an application's run shows that no board does: its accesses to memory checked, the code it executes, and where
// its instructions go by call.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "machine/observer.h"
#include "machine/registers.h"
#include "system/memory_check.h"

namespace vphoton::system {

class Instruments : public machine::Observer {
 public:
  // Where the user part's code lies.
  Instruments(uint32_t code_begin, uint32_t code_size);

  MemoryCheck& memory() { return memory_; }

  // The system calls a function of the application's, and has its result.
  void entered(uint32_t function);
  void left();
  // From now on this thread runs, whose stack pointer is `sp`.
  void switched(uint32_t thread, uint32_t sp);

  void instruction(const machine::Registers& regs, bool executed) override;
  void read(uint32_t address, uint32_t size) override { memory_.read(address, size); }
  void written(uint32_t address, uint32_t size) override { memory_.written(address, size); }

  // {"memory":[…],"executed":[[begin,end],…],"profile":[[parent,function,instructions],…]}. `executed`: halfwords at
  // which instructions began. `profile`: a tree in the order of its nodes, the first of which is its root with no
  // parent (-1); `function` is the address at which a call began, `instructions` those of it without what it called.
  std::string json() const;

 private:
  struct Node {
    int parent;
    uint32_t function;
    uint64_t instructions = 0;
    std::map<uint32_t, int> called = {};
  };
  struct Frame {
    uint32_t return_to;
    uint32_t sp;
  };
  // What a thread is in.
  struct Running {
    int node = 0;
    std::vector<Frame> frames = {};
    uint32_t last = 0;
  };
  // What a call of the system interrupts.
  struct Interrupted {
    int node;
    std::vector<Frame> frames;
    uint32_t expected;
  };

  int called(int parent, uint32_t function);

  MemoryCheck memory_;
  const uint32_t code_begin_;
  std::vector<bool> executed_;  // by halfword
  std::vector<Node> nodes_{Node{-1, 0}};
  int node_ = 0;
  std::vector<Frame> frames_;
  std::vector<Interrupted> interrupted_;
  uint32_t thread_ = 0;
  std::map<uint32_t, Running> waiting_;  // threads that do not run
  uint32_t last_ = 0;                    // the instruction before
};

}  // namespace vphoton::system
