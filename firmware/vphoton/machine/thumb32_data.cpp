// 32-bit encodings: data processing, multiply, divide.
#include "machine/decode.h"
#include "machine/execute_data.h"

namespace vphoton::machine {

namespace {

// What the fields op, S, Rd and Rn of a data-processing instruction stand for.
struct DataProcessing {
  Operation operation;
  bool defined = true;
};

// "Data-processing (modified immediate)" and "(shifted register)", which share their opcodes.
DataProcessing data_operation(uint32_t op, bool to_flags_only, bool without_first) {
  switch (op) {
    case 0:
      return {to_flags_only ? Operation::Tst : Operation::And};
    case 1:
      return {Operation::Bic};
    case 2:
      return {without_first ? Operation::Mov : Operation::Orr};
    case 3:
      return {without_first ? Operation::Mvn : Operation::Orn};
    case 4:
      return {to_flags_only ? Operation::Teq : Operation::Eor};
    case 8:
      return {to_flags_only ? Operation::Cmn : Operation::Add};
    case 10:
      return {Operation::Adc};
    case 11:
      return {Operation::Sbc};
    case 13:
      return {to_flags_only ? Operation::Cmp : Operation::Sub};
    case 14:
      return {Operation::Rsb};
    default:
      return {Operation::Mov, false};
  }
}

bool takes_sp(Operation operation) {
  return operation == Operation::Add || operation == Operation::Sub || operation == Operation::Cmp ||
         operation == Operation::Cmn;
}

// Fills in operation, Rd, Rn and flags; false: undefined, or registers that make it unpredictable.
bool data_processing(uint32_t code, Instruction& i, Operation& operation) {
  const bool set = Bit(code, 20);
  i.d = field(code, 11, 8);
  i.n = field(code, 19, 16);
  const auto found = data_operation(Bits(code, 24, 21), i.d == 15 && set, i.n == 15);
  if (!found.defined) return false;
  operation = found.operation;
  i.flags = flags_if(set);
  const bool only_flags = operation >= Operation::Tst;
  const bool no_first = operation == Operation::Mov || operation == Operation::Mvn;
  if (!only_flags && i.d == 15) return false;
  if (!no_first && (i.n == 15 || (i.n == 13 && !takes_sp(operation)))) return false;
  if (no_first) i.n = 0;
  return true;
}

}  // namespace

Instruction decode_data_modified_immediate(uint32_t code) {
  Instruction i;
  Operation operation;
  if (!data_processing(code, i, operation)) return undefined_instruction();
  if (i.d == 13 && !(i.n == 13 && (operation == Operation::Add || operation == Operation::Sub))) return unpredictable();
  const Expanded imm = ThumbExpandImm_C(Bits(code, 26, 26) << 11 | Bits(code, 14, 12) << 8 | Bits(code, 7, 0));
  if (imm.unpredictable) return unpredictable();
  i.imm = imm.value;
  i.carry = imm.carry;
  i.execute = operate_immediate(operation);
  return i;
}

Instruction decode_data_shifted_register(uint32_t code) {
  Instruction i;
  Operation operation;
  if (Bit(code, 15) || !data_processing(code, i, operation)) return undefined_instruction();
  i.m = field(code, 3, 0);
  const ImmShift shift = DecodeImmShift(Bits(code, 5, 4), Bits(code, 14, 12) << 2 | Bits(code, 7, 6));
  const bool plain_move = operation == Operation::Mov && shift.type == SRType::LSL && shift.amount == 0;
  if (plain_move && !Bit(code, 20)) {  // MOV (register) T3: one of them may be SP
    if (i.m == 15 || (i.d == 13 && i.m == 13)) return unpredictable();
  } else if (is_sp_or_pc(i.m)) {
    return unpredictable();
  } else if (i.d == 13) {  // ADD, SUB (SP and register)
    const bool adds = operation == Operation::Add || operation == Operation::Sub;
    if (!adds || i.n != 13 || shift.type != SRType::LSL || shift.amount > 3) return unpredictable();
  }
  i.shift = shift.type;
  i.amount = shift.amount;
  i.execute = operate_register(operation, shift);
  return i;
}

// "Data processing (plain binary immediate)".
Instruction decode_data_plain_immediate(uint32_t code) {
  Instruction i;
  i.d = field(code, 11, 8);
  i.n = field(code, 19, 16);
  const uint32_t imm12 = Bits(code, 26, 26) << 11 | Bits(code, 14, 12) << 8 | Bits(code, 7, 0);
  const uint32_t imm5 = Bits(code, 14, 12) << 2 | Bits(code, 7, 6);
  const uint32_t op = Bits(code, 24, 20);
  const bool zero_bits = !Bit(code, 26) && !Bit(code, 5);
  switch (op) {
    case 0x00:    // ADD T4, ADR T3
    case 0x0A: {  // SUB T4, ADR T2
      const bool subtract = op == 0x0A;
      if (i.d == 15 || (i.d == 13 && i.n != 13)) return unpredictable();
      i.imm = i.n == 15 && subtract ? 0 - imm12 : imm12;
      i.execute = i.n == 15 ? address_of : operate_immediate(subtract ? Operation::Sub : Operation::Add);
      return i;
    }
    case 0x04:  // MOV T3
    case 0x0C:  // MOVT
      if (is_sp_or_pc(i.d)) return unpredictable();
      i.imm = uint32_t{i.n} << 12 | imm12;
      i.execute = op == 0x04 ? operate_immediate(Operation::Mov) : move_top;
      return i;
    case 0x10:
    case 0x12:
    case 0x18:
    case 0x1A: {  // SSAT, USAT
      const bool is_unsigned = op >= 0x18;
      if (Bit(op, 1) && imm5 == 0) return undefined_instruction();  // SSAT16, USAT16
      if (is_sp_or_pc(i.d) || is_sp_or_pc(i.n) || !zero_bits) return unpredictable();
      const ImmShift shift = DecodeImmShift(Bit(op, 1) ? 2 : 0, imm5);
      i.shift = shift.type;
      i.amount = shift.amount;
      i.a = static_cast<uint8_t>(Bits(code, 4, 0) + (is_unsigned ? 0 : 1));
      i.execute = is_unsigned ? unsigned_saturate : signed_saturate;
      return i;
    }
    case 0x14:
    case 0x1C:  // SBFX, UBFX
      i.imm = imm5;
      i.a = static_cast<uint8_t>(Bits(code, 4, 0) + 1);
      if (is_sp_or_pc(i.d) || is_sp_or_pc(i.n) || !zero_bits || i.imm + i.a > 32) return unpredictable();
      i.execute = op == 0x14 ? signed_extract : unsigned_extract;
      return i;
    case 0x16: {  // BFI, BFC
      const uint32_t msb = Bits(code, 4, 0);
      if (is_sp_or_pc(i.d) || i.n == 13 || !zero_bits || msb < imm5) return unpredictable();
      i.imm = imm5;
      i.a = static_cast<uint8_t>(msb - imm5 + 1);
      i.execute = i.n == 15 ? clear_bits : insert_bits;
      return i;
    }
    default:
      return undefined_instruction();
  }
}

// "Data processing (register)".
Instruction decode_data_register(uint32_t code) {
  if (Bits(code, 15, 12) != 15) return undefined_instruction();
  Instruction i;
  i.d = field(code, 11, 8);
  i.n = field(code, 19, 16);
  i.m = field(code, 3, 0);
  const uint32_t op1 = Bits(code, 23, 20);
  const uint32_t op2 = Bits(code, 7, 4);
  const bool unusable = is_sp_or_pc(i.d) || is_sp_or_pc(i.m);
  if (op1 < 8 && op2 == 0) {  // LSL, LSR, ASR, ROR (register)
    if (unusable || is_sp_or_pc(i.n)) return unpredictable();
    i.shift = DecodeImmShift(op1 >> 1, 1).type;
    i.flags = flags_if(Bit(code, 20));
    i.execute = shift_by_register;
    return i;
  }
  if (op1 < 8 && op2 >= 8) {  // extensions; those that add are of the DSP extension
    constexpr Execute kExtends[] = {extend_signed_half, extend_half, nullptr, nullptr,
                                    extend_signed_byte, extend_byte, nullptr, nullptr};
    if (kExtends[op1] == nullptr || i.n != 15) return undefined_instruction();
    if (unusable || Bit(code, 6)) return unpredictable();
    i.amount = static_cast<uint8_t>(Bits(code, 5, 4) * 8);
    i.execute = kExtends[op1];
    return i;
  }
  constexpr Execute kReverses[] = {reverse_bytes, reverse_bytes_of_halves, reverse_bits, reverse_bytes_signed_half};
  if (op1 == 9 && op2 >= 8 && op2 < 12)
    i.execute = kReverses[op2 - 8];
  else if (op1 == 11 && op2 == 8)
    i.execute = count_leading_zeros;
  else
    return undefined_instruction();
  if (unusable || i.n != i.m) return unpredictable();
  return i;
}

// "Multiply, multiply accumulate, and absolute difference": without those of the DSP extension.
Instruction decode_multiply(uint32_t code) {
  const uint32_t op2 = Bits(code, 7, 4);
  if (Bits(code, 22, 20) != 0 || op2 > 1) return undefined_instruction();
  Instruction i;
  i.d = field(code, 11, 8);
  i.n = field(code, 19, 16);
  i.m = field(code, 3, 0);
  i.a = field(code, 15, 12);
  if (is_sp_or_pc(i.d) || is_sp_or_pc(i.n) || is_sp_or_pc(i.m) || i.a == 13) return unpredictable();
  if (op2 == 1 && i.a == 15) return unpredictable();
  i.execute = op2 == 1 ? multiply_subtract : i.a == 15 ? multiply : multiply_add;
  return i;
}

// "Long multiply, long multiply accumulate, and divide".
Instruction decode_long_multiply_divide(uint32_t code) {
  Instruction i;
  i.d = field(code, 15, 12);  // RdLo
  i.a = field(code, 11, 8);   // RdHi
  i.n = field(code, 19, 16);
  i.m = field(code, 3, 0);
  const bool unusable = is_sp_or_pc(i.a) || is_sp_or_pc(i.n) || is_sp_or_pc(i.m);
  switch (Bits(code, 22, 20) << 4 | Bits(code, 7, 4)) {
    case 0x00:
      i.execute = signed_multiply_long;
      break;
    case 0x20:
      i.execute = unsigned_multiply_long;
      break;
    case 0x40:
      i.execute = signed_multiply_add_long;
      break;
    case 0x60:
      i.execute = unsigned_multiply_add_long;
      break;
    case 0x1F:
    case 0x3F:
      if (unusable || i.d != 15) return unpredictable();
      i.d = i.a;
      i.execute = Bit(code, 21) ? unsigned_divide : signed_divide;
      return i;
    default:
      return undefined_instruction();
  }
  if (unusable || is_sp_or_pc(i.d) || i.d == i.a) return unpredictable();
  return i;
}

}  // namespace vphoton::machine
