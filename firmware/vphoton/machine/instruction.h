// One decoded instruction: what executes it, and its operands.
#pragma once

#include <cstdint>

#include "machine/bits.h"

namespace vphoton::machine {

class Processor;
struct Instruction;

using Execute = void (*)(Processor&, const Instruction&);

enum class SetFlags : uint8_t { Never, Always, OutsideIt };

// Where in an IT block it may stand; elsewhere it is UNPREDICTABLE.
enum class InIt : uint8_t { Anywhere, LastOnly, Nowhere };

struct Instruction {
  Execute execute = nullptr;
  uint32_t imm = 0;  // immediate, offset or register list
  uint8_t d = 0;     // Rd, Rt, RdLo
  uint8_t n = 0;     // Rn
  uint8_t m = 0;     // Rm
  uint8_t a = 0;     // Ra, Rt2, RdHi, width, condition
  SRType shift = SRType::LSL;
  uint8_t amount = 0;     // of the shift, 0 ... 32
  uint8_t halfwords = 1;  // of the encoding, 1 or 2
  SetFlags flags = SetFlags::Never;
  InIt it = InIt::Anywhere;
  ImmCarry carry = ImmCarry::Unchanged;
  bool unconditional = false;  // BKPT: executed whatever the IT block says
};

// Whether a first halfword begins an instruction of 32 bits.
constexpr bool is_wide(uint16_t first) { return first >= 0xE800; }

// Decodes 16 bits, or 32 whose second half is given. Everything UNDEFINED or UNPREDICTABLE executes as a fault.
Instruction decode(uint16_t first, uint16_t second);

}  // namespace vphoton::machine
