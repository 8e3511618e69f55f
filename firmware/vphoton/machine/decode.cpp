#include "machine/decode.h"

namespace vphoton::machine {

namespace {

// "32-bit Thumb instruction encoding": by op1 (bits 28:27), op2 (26:20) and op (15).
Instruction decode_thumb32(uint32_t code) {
  const uint32_t op2 = Bits(code, 26, 20);
  switch (Bits(code, 28, 27)) {
    case 1:
      if ((op2 & 0x64) == 0x00) return decode_load_store_multiple(code);
      if ((op2 & 0x64) == 0x04) return decode_dual_exclusive_table(code);
      if ((op2 & 0x60) == 0x20) return decode_data_shifted_register(code);
      break;
    case 2:
      if (Bit(code, 15)) return decode_branch_control(code);
      return (op2 & 0x20) == 0 ? decode_data_modified_immediate(code) : decode_data_plain_immediate(code);
    default:
      if ((op2 & 0x71) == 0x00) return decode_store_single(code);
      if ((op2 & 0x61) == 0x01) return decode_load_single(code);
      if ((op2 & 0x70) == 0x20) return decode_data_register(code);
      if ((op2 & 0x78) == 0x30) return decode_multiply(code);
      if ((op2 & 0x78) == 0x38) return decode_long_multiply_divide(code);
      if ((op2 & 0x40) == 0) return undefined_instruction();
      break;
  }
  // Coprocessor instructions, all of whose coprocessors are absent, but for a few that no coprocessor has.
  if ((op2 & 0x3E) == 0 || (op2 & 0x30) == 0x30) return undefined_instruction();
  Instruction result;
  result.execute = no_coprocessor;
  return result;
}

}  // namespace

Instruction decode(uint16_t first, uint16_t second) {
  if (!is_wide(first)) return decode_thumb16(first);
  Instruction result = decode_thumb32(uint32_t{first} << 16 | second);
  result.halfwords = 2;
  return result;
}

}  // namespace vphoton::machine
