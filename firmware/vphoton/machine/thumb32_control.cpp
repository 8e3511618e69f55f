// 32-bit encodings: "Branches and miscellaneous control".
#include "machine/decode.h"
#include "machine/execute_memory.h"

namespace vphoton::machine {

namespace {

// Of B T4 and BL.
uint32_t offset25(uint32_t code) {
  const uint32_t s = Bits(code, 26, 26);
  const uint32_t i1 = 1 ^ Bits(code, 13, 13) ^ s;
  const uint32_t i2 = 1 ^ Bits(code, 11, 11) ^ s;
  return SignExtend(s << 24 | i1 << 23 | i2 << 22 | Bits(code, 25, 16) << 12 | Bits(code, 10, 0) << 1, 25);
}

Instruction conditional_branch(uint32_t code) {
  Instruction i;
  i.imm = SignExtend(Bits(code, 26, 26) << 20 | Bits(code, 11, 11) << 19 | Bits(code, 13, 13) << 18 |
                         Bits(code, 21, 16) << 12 | Bits(code, 10, 0) << 1,
                     21);
  i.it = InIt::Nowhere;
  i.execute = branch_if(Bits(code, 25, 22));
  return i;
}

Instruction hint(uint32_t code) {
  Instruction i;
  if (Bits(code, 19, 16) != 15 || Bit(code, 13) || Bit(code, 11)) return unpredictable();
  if (Bits(code, 10, 8) != 0) return undefined_instruction();  // CPS of other profiles
  switch (Bits(code, 7, 0)) {
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

Instruction barrier(uint32_t code) {
  if (Bits(code, 19, 16) != 15 || Bit(code, 13) || Bits(code, 11, 8) != 15) return unpredictable();
  Instruction i;
  switch (Bits(code, 7, 4)) {
    case 2:
      if (Bits(code, 3, 0) != 15) return unpredictable();
      i.execute = clear_exclusive;
      return i;
    case 4:
    case 5:
    case 6:  // DSB, DMB, ISB: what a processor does in order needs no barrier
      i.execute = no_operation;
      return i;
    default:
      return undefined_instruction();
  }
}

Instruction move_to_special(uint32_t code) {
  Instruction i;
  i.n = field(code, 19, 16);
  i.imm = Bits(code, 7, 0);
  if (Bit(code, 20) || Bit(code, 13) || Bits(code, 11, 8) != 8) return unpredictable();
  if (is_sp_or_pc(i.n) || !is_special(i.imm)) return unpredictable();
  i.execute = write_special;
  return i;
}

Instruction move_from_special(uint32_t code) {
  Instruction i;
  i.d = field(code, 11, 8);
  i.imm = Bits(code, 7, 0);
  if (Bits(code, 20, 16) != 15 || Bit(code, 13)) return unpredictable();
  if (is_sp_or_pc(i.d) || !is_special(i.imm)) return unpredictable();
  i.execute = read_special;
  return i;
}

}  // namespace

Instruction decode_branch_control(uint32_t code) {
  Instruction i;
  const bool link = Bit(code, 14);
  if (Bit(code, 12)) {  // B T4, BL
    i.imm = offset25(code);
    i.it = InIt::LastOnly;
    i.execute = link ? branch_with_link : branch;
    return i;
  }
  if (link) return undefined_instruction();  // BLX to Arm state, UDF
  const uint32_t op = Bits(code, 26, 20);
  if ((op & 0x38) != 0x38) return conditional_branch(code);
  switch (op) {
    case 0x38:
    case 0x39:
      return move_to_special(code);
    case 0x3A:
      return hint(code);
    case 0x3B:
      return barrier(code);
    case 0x3E:
    case 0x3F:
      return move_from_special(code);
    default:
      return undefined_instruction();
  }
}

}  // namespace vphoton::machine
