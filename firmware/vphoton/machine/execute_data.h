// What data-processing instructions do.
#pragma once

#include "machine/instruction.h"

namespace vphoton::machine {

// Of two operands; Tst, Teq, Cmp and Cmn write flags only, Mov and Mvn have no first operand.
enum class Operation : uint8_t { And, Bic, Orr, Orn, Eor, Add, Adc, Sbc, Sub, Rsb, Mov, Mvn, Tst, Teq, Cmp, Cmn };

// Rd, Rn, and imm with its carry.
Execute operate_immediate(Operation operation);
// Rd, Rn, and Rm shifted by a constant.
Execute operate_register(Operation operation, ImmShift shift);

void shift_by_register(Processor&, const Instruction&);  // Rd = Rn shifted by Rm, of type `shift`
void move_top(Processor&, const Instruction&);           // MOVT
void address_of(Processor&, const Instruction&);         // ADR: Align(PC, 4) + imm
void add_to_pc(Processor&, const Instruction&);          // ADD PC, Rm
void move_to_pc(Processor&, const Instruction&);         // MOV PC, Rm

void multiply(Processor&, const Instruction&);           // MUL
void multiply_add(Processor&, const Instruction&);       // MLA
void multiply_subtract(Processor&, const Instruction&);  // MLS
void signed_multiply_long(Processor&, const Instruction&);
void unsigned_multiply_long(Processor&, const Instruction&);
void signed_multiply_add_long(Processor&, const Instruction&);
void unsigned_multiply_add_long(Processor&, const Instruction&);
void signed_divide(Processor&, const Instruction&);
void unsigned_divide(Processor&, const Instruction&);

// Of Rn shifted by a constant, to `a` bits.
void signed_saturate(Processor&, const Instruction&);
void unsigned_saturate(Processor&, const Instruction&);

// `imm`: lowest bit, `a`: width.
void signed_extract(Processor&, const Instruction&);
void unsigned_extract(Processor&, const Instruction&);
void insert_bits(Processor&, const Instruction&);
void clear_bits(Processor&, const Instruction&);

// Of Rm rotated by `amount`.
void extend_signed_half(Processor&, const Instruction&);
void extend_signed_byte(Processor&, const Instruction&);
void extend_half(Processor&, const Instruction&);
void extend_byte(Processor&, const Instruction&);

void reverse_bytes(Processor&, const Instruction&);              // REV
void reverse_bytes_of_halves(Processor&, const Instruction&);    // REV16
void reverse_bytes_signed_half(Processor&, const Instruction&);  // REVSH
void reverse_bits(Processor&, const Instruction&);               // RBIT
void count_leading_zeros(Processor&, const Instruction&);        // CLZ

}  // namespace vphoton::machine
