// What branches, IT, hints, special-register accesses and exception-generating instructions do.
#pragma once

#include "machine/instruction.h"

namespace vphoton::machine {

void undefined(Processor&, const Instruction&);
void no_coprocessor(Processor&, const Instruction&);

void branch(Processor&, const Instruction&);                // B: PC + imm
Execute branch_if(uint32_t condition);                      // B<c>
void branch_with_link(Processor&, const Instruction&);      // BL
void branch_exchange(Processor&, const Instruction&);       // BX Rm
void branch_link_exchange(Processor&, const Instruction&);  // BLX Rm
void compare_branch_zero(Processor&, const Instruction&);   // CBZ Rn, PC + imm
void compare_branch_nonzero(Processor&, const Instruction&);

void if_then(Processor&, const Instruction&);  // IT: `imm` is ITSTATE

void no_operation(Processor&, const Instruction&);  // also YIELD, DBG, barriers and preload hints
void wait_for_interrupt(Processor&, const Instruction&);
void wait_for_event(Processor&, const Instruction&);
void signal_event(Processor&, const Instruction&);  // SEV

void breakpoint(Processor&, const Instruction&);
void supervisor_call(Processor&, const Instruction&);

// `imm`: SYSm.
void read_special(Processor&, const Instruction&);   // MRS Rd
void write_special(Processor&, const Instruction&);  // MSR Rn
bool is_special(uint32_t sysm);
// `imm` bit 0: FAULTMASK, bit 1: PRIMASK; `a`: their new value.
void change_state(Processor&, const Instruction&);  // CPS

}  // namespace vphoton::machine
