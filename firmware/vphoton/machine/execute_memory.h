// What loads, stores, exclusives and table branches do.
#pragma once

#include "machine/instruction.h"

namespace vphoton::machine {

enum class Width : uint8_t { Byte, SignedByte, Half, SignedHalf, Word };

// How the address is made: of Rn and imm, which may be negative; of Rn and Rm shifted left; of Align(PC, 4) and imm.
// PreIndex and PostIndex write Rn + imm back.
enum class Addressing : uint8_t { Offset, Register, Literal, PreIndex, PostIndex };

// Rt is `d`. A word loaded into the PC is a branch.
Execute load(Width width, Addressing addressing, bool into_pc = false);
// Not Literal, and without sign.
Execute store(Width width, Addressing addressing);

// Rt is `d`, Rt2 `a`. The literal one is a load only.
Execute load_dual(Addressing addressing);
Execute store_dual(Addressing addressing);

// Registers in `imm`, `amount` of them, from Rn upward; written back if `a`.
void load_multiple(Processor&, const Instruction&);
void store_multiple(Processor&, const Instruction&);
// From below Rn.
void load_multiple_before(Processor&, const Instruction&);
void store_multiple_before(Processor&, const Instruction&);

// Rt is `d`; the result of a store goes to `a`.
Execute load_exclusive(Width width);
Execute store_exclusive(Width width);
void clear_exclusive(Processor&, const Instruction&);

void table_branch_byte(Processor&, const Instruction&);
void table_branch_half(Processor&, const Instruction&);

}  // namespace vphoton::machine
