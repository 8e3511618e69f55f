// The registers of one thread of execution.
#pragma once

#include <cstdint>
#include <vector>

namespace vphoton::machine {

struct Registers {
  static constexpr uint16_t kNotThumb = 0x100;  // in `state`: EPSR.T is clear

  uint32_t r[16] = {};  // r[13]: the stack pointer in use; r[15]: the next instruction's address, bit 0 clear
  bool n = false;
  bool z = false;
  bool c = false;
  bool v = false;
  bool q = false;
  uint16_t state = 0;  // ITSTATE, and kNotThumb; 0 between ordinary instructions
  uint16_t ipsr = 0;   // exception number; 0: Thread mode
  uint8_t primask = 0;
  uint8_t faultmask = 0;
  uint8_t basepri = 0;
  uint8_t control = 0;     // bit 0: nPRIV, bit 1: SPSEL
  uint32_t other_sp = 0;   // the banked stack pointer that is not in use
  bool exclusive = false;  // the local monitor, which tags all of memory as on every Cortex-M3

  uint8_t itstate() const { return static_cast<uint8_t>(state); }
  bool handler_mode() const { return ipsr != 0; }
  bool privileged() const { return handler_mode() || (control & 1) == 0; }
  bool process_stack() const { return !handler_mode() && (control & 2) != 0; }

  uint32_t apsr() const;
  uint32_t xpsr() const;
  void set_apsr(uint32_t value);
  // All of it: flags, IT block, T bit and exception number; does not switch stacks.
  void set_xpsr(uint32_t value);
};

// A thread, or whatever else the embedder runs in turns: its registers, and those of the calls it is in.
struct Context {
  Registers registers;
  std::vector<Registers> calls;
};

}  // namespace vphoton::machine
