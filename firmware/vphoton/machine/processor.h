// A Cortex-M3: runs instructions until its budget is used up or the embedder is needed.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include "machine/fault.h"
#include "machine/instruction.h"
#include "machine/memory.h"
#include "machine/observer.h"
#include "machine/registers.h"

namespace vphoton::machine {

// Addresses that stand for the embedder: a branch to one stops the processor there. They are even, below 0xF0000000
// (exception returns) and outside all memory.
struct Traps {
  uint32_t host_calls = 0xD0000000;  // the first address of a host call
  uint32_t size = 0x10000;           // of their range, in bytes
  uint32_t returned = 0xDFFFFFF0;    // where a call of the embedder returns to
};

enum class StopReason : uint8_t {
  Budget,                 // all instructions of the budget are executed
  HostCall,               // at an address of Traps; `return_from_host_call` goes on after it
  Returned,               // a function called with `call` or started by `thread` has returned
  Fault,                  // before the instruction at fault
  Breakpoint,             // before an instruction at one of `set_breakpoints`
  BreakpointInstruction,  // at BKPT; goes on only from an address that the embedder sets
  SupervisorCall,         // after SVC
  Watchpoint,             // after the access
  Wait,                   // after WFI, or WFE without an event
};

struct Stop {
  StopReason reason = StopReason::Budget;
  uint32_t address = 0;  // HostCall: which; Watchpoint: of the access; BKPT and SVC: their immediate
  Fault fault;           // Fault
};

// What it does where the architecture leaves a choice is in README.md beside this file.
class Processor {
 public:
  // The memory must outlive this.
  Processor(Memory& memory, const Traps& traps);

  Registers regs;

  // CCR.DIV_0_TRP: a division by zero is a fault instead of 0.
  bool divide_by_zero_traps = false;

  Memory& memory() { return memory_; }
  uint64_t executed() const { return executed_ - left_; }

  // Executes at most `budget` instructions, those skipped in IT blocks included.
  Stop run(uint64_t budget);

  // From a host call to its caller; the embedder has put results into r0 and r1. A fault of the exception return, if
  // the caller was an exception handler that ended with the call.
  Fault return_from_host_call();

  // Lets a function run on the stack in use, between any two instructions: r0 ... r3 and then the stack hold the
  // arguments, and `run` stops with Returned at its end. Then `finish_call` restores all registers as they were.
  // Arguments that the stack has no room for are a fault, and nothing has changed.
  Fault call(uint32_t function, std::initializer_list<uint32_t> arguments);
  // What the function returned: r0, r1 in the upper half.
  uint64_t finish_call();
  size_t calls() const { return calls_.size(); }
  // The registers of what each call interrupted, the first call's first.
  const std::vector<Registers>& interrupted() const { return calls_; }

  // The context of a thread that is yet to run: a function with one argument, on a stack that ends at `stack_top`.
  Context thread(uint32_t function, uint32_t argument, uint32_t stack_top) const;
  // Runs another thread from now on; `context` becomes the one that ran.
  void exchange(Context& context);

  // Takes an exception between two instructions: eight words on the stack, then `handler` in Handler mode, with
  // `argument` in r0; the handler's return restores what was interrupted, without a stop. A fault while stacking is
  // returned, and nothing has changed.
  Fault interrupt(uint16_t exception, uint32_t handler, uint32_t argument = 0);
  // Whether PRIMASK, FAULTMASK or BASEPRI keep an interrupt of this priority (0 ... 255, the less the more urgent) out.
  bool masked(uint8_t priority) const;
  // The most instructions that PRIMASK, FAULTMASK or BASEPRI were set for.
  uint64_t longest_masked() const { return longest_masked_; }
  // An event for WFE, as SEV and interrupts give it.
  void send_event() { event_ = true; }

  // Null: none. It must outlive this; accesses are told by `Memory::set_observer`.
  void set_observer(Observer* observer) { observer_ = observer; }

  void set_breakpoints(std::vector<uint32_t> addresses) { breakpoints_ = std::move(addresses); }

  // For the functions that execute instructions; during one, r[15] is its address + 4.

  // Every register but the PC; the lowest bits of the stack pointer stay 0.
  void write(unsigned d, uint32_t value) { regs.r[d] = value & kWritten[d]; }
  void BranchWritePC(uint32_t address) {
    next_ = address & ~1u;
    attention_ = true;
  }
  // After IT, which has 16 bits.
  void begin_it_block(uint8_t itstate) {
    regs.state = itstate;
    BranchWritePC(regs.r[15] - 2);
  }
  void BXWritePC(uint32_t address);
  void set_nz(uint32_t result) {
    regs.n = result >> 31 != 0;
    regs.z = result == 0;
  }
  bool ConditionPassed(uint32_t condition) const {
    const bool opposite = (condition & 1) != 0;
    switch (condition >> 1) {
      case 0:
        return regs.z != opposite;
      case 1:
        return regs.c != opposite;
      case 2:
        return regs.n != opposite;
      case 3:
        return regs.v != opposite;
      case 4:
        return (regs.c && !regs.z) != opposite;
      case 5:
        return (regs.n == regs.v) != opposite;
      case 6:
        return (regs.n == regs.v && !regs.z) != opposite;
      default:
        return true;
    }
  }
  // Ends `run` after this instruction.
  void stop(StopReason reason, uint32_t address = 0);
  bool take_event();
  // Stack pointers by name: false main, true process.
  uint32_t stack_pointer(bool process) const;
  void set_stack_pointer(bool process, uint32_t value);
  void set_control(uint8_t value);
  // After each change of PRIMASK, FAULTMASK or BASEPRI.
  void mask_changed();

 private:
  static constexpr uint32_t kWritten[16] = {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
                                            ~0u, ~0u, ~0u, ~0u, ~0u, ~3u, ~0u, ~0u};

  template <bool Debugged, bool Observed>
  void execute();
  uint32_t execute_straight(const Instruction* instruction, uint32_t pc);
  // Decodes an instruction, into its segment or, where it cannot be kept, into `fetched`; null: a trap or a fault, and
  // `stop_` says which.
  const Instruction* fetch(uint32_t address, Instruction& fetched);
  void execute_unusual(const Instruction& instruction, uint32_t address);
  void begin(uint32_t function);
  void ExceptionReturn(uint32_t value);

  Memory& memory_;
  Traps traps_;
  uint64_t left_ = 0;
  uint64_t executed_ = 0;  // with what is left of the budget counted as executed
  uint32_t next_ = 0;
  bool attention_ = false;  // `next_` is not simply the instruction behind, or an IT block begins
  bool event_ = false;
  Stop stop_;
  std::vector<Registers> calls_;
  std::vector<uint32_t> breakpoints_;
  Observer* observer_ = nullptr;
  bool masked_ = false;
  uint64_t masked_since_ = 0;  // instructions executed
  uint64_t longest_masked_ = 0;
  uint32_t passing_ = 1;  // the breakpoint where the last run stopped; odd: it stopped elsewhere
};

}  // namespace vphoton::machine
