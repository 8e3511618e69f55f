// "16-bit Thumb instruction encoding".
#include "machine/decode.h"
#include "machine/execute_data.h"
#include "machine/execute_memory.h"

namespace vphoton::machine {

namespace {

Instruction shift_add_subtract_move_compare(uint32_t code) {
  Instruction i;
  i.flags = SetFlags::OutsideIt;
  i.d = field(code, 2, 0);
  const uint32_t opcode = Bits(code, 13, 11);
  if (opcode < 3) {  // LSL, LSR, ASR (immediate)
    const ImmShift shift = DecodeImmShift(opcode, Bits(code, 10, 6));
    i.m = field(code, 5, 3);
    i.shift = shift.type;
    i.amount = shift.amount;
    i.execute = operate_register(Operation::Mov, shift);
    if (opcode == 0 && shift.amount == 0) {  // MOV (register) T2
      i.flags = SetFlags::Always;
      i.it = InIt::Nowhere;
    }
    return i;
  }
  if (opcode == 3) {  // ADD, SUB of a register or three bits
    const Operation operation = Bit(code, 9) ? Operation::Sub : Operation::Add;
    i.n = field(code, 5, 3);
    i.m = field(code, 8, 6);
    i.imm = Bits(code, 8, 6);
    i.execute = Bit(code, 10) ? operate_immediate(operation) : operate_register(operation, {});
    return i;
  }
  constexpr Operation kOperations[] = {Operation::Mov, Operation::Cmp, Operation::Add, Operation::Sub};
  i.d = i.n = field(code, 10, 8);
  i.imm = Bits(code, 7, 0);
  i.execute = operate_immediate(kOperations[opcode - 4]);
  if (opcode == 5) i.flags = SetFlags::Always;
  return i;
}

Instruction data_processing(uint32_t code) {
  Instruction i;
  i.flags = SetFlags::OutsideIt;
  i.d = i.n = field(code, 2, 0);
  i.m = field(code, 5, 3);
  const auto operate = [&i](Operation operation) { i.execute = operate_register(operation, {}); };
  const auto shift = [&i](SRType type) {
    i.shift = type;
    i.execute = shift_by_register;
  };
  const auto test = [&](Operation operation) {
    i.flags = SetFlags::Always;
    operate(operation);
  };
  switch (Bits(code, 9, 6)) {
    case 0:
      operate(Operation::And);
      break;
    case 1:
      operate(Operation::Eor);
      break;
    case 2:
      shift(SRType::LSL);
      break;
    case 3:
      shift(SRType::LSR);
      break;
    case 4:
      shift(SRType::ASR);
      break;
    case 5:
      operate(Operation::Adc);
      break;
    case 6:
      operate(Operation::Sbc);
      break;
    case 7:
      shift(SRType::ROR);
      break;
    case 8:
      test(Operation::Tst);
      break;
    case 9:  // RSB Rd, Rn, #0
      i.n = i.m;
      i.execute = operate_immediate(Operation::Rsb);
      break;
    case 10:
      test(Operation::Cmp);
      break;
    case 11:
      test(Operation::Cmn);
      break;
    case 12:
      operate(Operation::Orr);
      break;
    case 13:
      i.execute = multiply;
      break;
    case 14:
      operate(Operation::Bic);
      break;
    default:
      operate(Operation::Mvn);
      break;
  }
  return i;
}

// Registers R0 ... R15, and BX.
Instruction special_data_branch_exchange(uint32_t code) {
  Instruction i;
  i.d = i.n = static_cast<uint8_t>(field(code, 7, 7) << 3 | field(code, 2, 0));
  i.m = field(code, 6, 3);
  switch (Bits(code, 9, 8)) {
    case 0:
      if (i.d == 15 && i.m == 15) return unpredictable();
      i.execute = i.d == 15 ? add_to_pc : operate_register(Operation::Add, {});
      if (i.d == 15) i.it = InIt::LastOnly;
      return i;
    case 1:
      if ((i.n < 8 && i.m < 8) || i.n == 15 || i.m == 15) return unpredictable();
      i.flags = SetFlags::Always;
      i.execute = operate_register(Operation::Cmp, {});
      return i;
    case 2:
      i.execute = i.d == 15 ? move_to_pc : operate_register(Operation::Mov, {});
      if (i.d == 15) i.it = InIt::LastOnly;
      return i;
    default:
      if (Bits(code, 2, 0) != 0) return unpredictable();
      i.it = InIt::LastOnly;
      i.execute = Bit(code, 7) ? branch_link_exchange : branch_exchange;
      if (Bit(code, 7) && i.m == 15) return unpredictable();
      return i;
  }
}

Instruction load_store_register(uint32_t code) {
  Instruction i;
  i.d = field(code, 2, 0);
  i.n = field(code, 5, 3);
  i.m = field(code, 8, 6);
  constexpr auto kAddressing = Addressing::Register;
  switch (Bits(code, 11, 9)) {
    case 0:
      i.execute = store(Width::Word, kAddressing);
      break;
    case 1:
      i.execute = store(Width::Half, kAddressing);
      break;
    case 2:
      i.execute = store(Width::Byte, kAddressing);
      break;
    case 3:
      i.execute = load(Width::SignedByte, kAddressing);
      break;
    case 4:
      i.execute = load(Width::Word, kAddressing);
      break;
    case 5:
      i.execute = load(Width::Half, kAddressing);
      break;
    case 6:
      i.execute = load(Width::Byte, kAddressing);
      break;
    default:
      i.execute = load(Width::SignedHalf, kAddressing);
      break;
  }
  return i;
}

Instruction load_store_immediate(uint32_t code, Width width, uint32_t scale) {
  Instruction i;
  i.d = field(code, 2, 0);
  i.n = field(code, 5, 3);
  i.imm = Bits(code, 10, 6) * scale;
  i.execute = Bit(code, 11) ? load(width, Addressing::Offset) : store(width, Addressing::Offset);
  return i;
}

Instruction load_store_sp(uint32_t code) {
  Instruction i;
  i.d = field(code, 10, 8);
  i.n = 13;
  i.imm = Bits(code, 7, 0) * 4;
  i.execute = Bit(code, 11) ? load(Width::Word, Addressing::Offset) : store(Width::Word, Addressing::Offset);
  return i;
}

Instruction push_pop(uint32_t code, bool pop) {
  Instruction i;
  i.n = 13;
  i.imm = Bits(code, 7, 0) | Bits(code, 8, 8) << (pop ? 15 : 14);
  i.amount = static_cast<uint8_t>(BitCount(i.imm));
  i.a = 1;
  if (i.imm == 0) return unpredictable();
  if (pop && Bit(code, 8)) i.it = InIt::LastOnly;
  i.execute = pop ? load_multiple : store_multiple_before;
  return i;
}

Instruction hint(uint32_t code) {
  Instruction i;
  switch (Bits(code, 7, 4)) {
    case 2:
      i.execute = wait_for_event;
      break;
    case 3:
      i.execute = wait_for_interrupt;
      break;
    case 4:
      i.execute = signal_event;
      break;
    default:
      i.execute = no_operation;
      break;
  }
  return i;
}

Instruction it_or_hint(uint32_t code) {
  const uint32_t mask = Bits(code, 3, 0);
  const uint32_t condition = Bits(code, 7, 4);
  if (mask == 0) return hint(code);
  if (condition == 15 || (condition == 14 && BitCount(mask) != 1)) return unpredictable();
  Instruction i;
  i.imm = Bits(code, 7, 0);
  i.it = InIt::Nowhere;
  i.execute = if_then;
  return i;
}

Instruction extend(uint32_t code) {
  constexpr Execute kExtends[] = {extend_signed_half, extend_signed_byte, extend_half, extend_byte};
  Instruction i;
  i.d = field(code, 2, 0);
  i.m = field(code, 5, 3);
  i.execute = kExtends[Bits(code, 7, 6)];
  return i;
}

Instruction reverse(uint32_t code) {
  constexpr Execute kReverses[] = {reverse_bytes, reverse_bytes_of_halves, undefined, reverse_bytes_signed_half};
  Instruction i;
  i.d = field(code, 2, 0);
  i.m = field(code, 5, 3);
  i.execute = kReverses[Bits(code, 7, 6)];
  return i;
}

Instruction miscellaneous(uint32_t code) {
  Instruction i;
  switch (Bits(code, 11, 8)) {
    case 0x0:  // ADD, SUB (SP and immediate)
      i.d = i.n = 13;
      i.imm = Bits(code, 6, 0) * 4;
      i.execute = operate_immediate(Bit(code, 7) ? Operation::Sub : Operation::Add);
      return i;
    case 0x1:
    case 0x3:
    case 0x9:
    case 0xB:
      i.n = field(code, 2, 0);
      i.imm = Bits(code, 9, 9) << 6 | Bits(code, 7, 3) << 1;
      i.it = InIt::Nowhere;
      i.execute = Bit(code, 11) ? compare_branch_nonzero : compare_branch_zero;
      return i;
    case 0x2:
      return extend(code);
    case 0x4:
    case 0x5:
      return push_pop(code, false);
    case 0x6:
      if (Bits(code, 7, 5) != 3) return undefined_instruction();
      if (Bits(code, 3, 2) != 0 || Bits(code, 1, 0) == 0) return unpredictable();
      i.imm = Bits(code, 1, 0);
      i.a = field(code, 4, 4);
      i.it = InIt::Nowhere;
      i.execute = change_state;
      return i;
    case 0xA:
      return reverse(code);
    case 0xC:
    case 0xD:
      return push_pop(code, true);
    case 0xE:
      i.imm = Bits(code, 7, 0);
      i.unconditional = true;
      i.execute = breakpoint;
      return i;
    case 0xF:
      return it_or_hint(code);
    default:
      return undefined_instruction();
  }
}

Instruction load_store_multiple(uint32_t code) {
  Instruction i;
  const bool is_load = Bit(code, 11);
  i.n = field(code, 10, 8);
  i.imm = Bits(code, 7, 0);
  i.amount = static_cast<uint8_t>(BitCount(i.imm));
  i.a = !is_load || !Bit(i.imm, i.n);
  if (i.imm == 0) return unpredictable();
  i.execute = is_load ? load_multiple : store_multiple;
  return i;
}

Instruction conditional_branch(uint32_t code) {
  Instruction i;
  const uint32_t condition = Bits(code, 11, 8);
  i.imm = Bits(code, 7, 0);
  if (condition == 14) return undefined_instruction();
  if (condition == 15) {
    i.execute = supervisor_call;
    return i;
  }
  i.imm = SignExtend(i.imm << 1, 9);
  i.it = InIt::Nowhere;
  i.execute = branch_if(condition);
  return i;
}

}  // namespace

Instruction decode_thumb16(uint32_t code) {
  Instruction i;
  switch (Bits(code, 15, 11)) {
    case 0x08:
      return Bit(code, 10) ? special_data_branch_exchange(code) : data_processing(code);
    case 0x09:  // LDR (literal)
      i.d = field(code, 10, 8);
      i.imm = Bits(code, 7, 0) * 4;
      i.execute = load(Width::Word, Addressing::Literal);
      return i;
    case 0x0A:
    case 0x0B:
      return load_store_register(code);
    case 0x0C:
    case 0x0D:
      return load_store_immediate(code, Width::Word, 4);
    case 0x0E:
    case 0x0F:
      return load_store_immediate(code, Width::Byte, 1);
    case 0x10:
    case 0x11:
      return load_store_immediate(code, Width::Half, 2);
    case 0x12:
    case 0x13:
      return load_store_sp(code);
    case 0x14:  // ADR
      i.d = field(code, 10, 8);
      i.imm = Bits(code, 7, 0) * 4;
      i.execute = address_of;
      return i;
    case 0x15:  // ADD (SP and immediate)
      i.d = field(code, 10, 8);
      i.n = 13;
      i.imm = Bits(code, 7, 0) * 4;
      i.execute = operate_immediate(Operation::Add);
      return i;
    case 0x16:
    case 0x17:
      return miscellaneous(code);
    case 0x18:
    case 0x19:
      return load_store_multiple(code);
    case 0x1A:
    case 0x1B:
      return conditional_branch(code);
    case 0x1C:
      i.imm = SignExtend(Bits(code, 10, 0) << 1, 12);
      i.it = InIt::LastOnly;
      i.execute = branch;
      return i;
    default:
      return shift_add_subtract_move_compare(code);
  }
}

}  // namespace vphoton::machine
