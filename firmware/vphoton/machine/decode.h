// The decoders of each group of encodings, and what they share. Fields keep the manual's names.
#pragma once

#include "machine/execute_control.h"
#include "machine/instruction.h"

namespace vphoton::machine {

// 16 bits.
Instruction decode_thumb16(uint32_t first);

// 32 bits, as first << 16 | second, by the manual's chapters; `halfwords` is set by the caller.
Instruction decode_data_shifted_register(uint32_t code);
Instruction decode_data_modified_immediate(uint32_t code);
Instruction decode_data_plain_immediate(uint32_t code);
Instruction decode_data_register(uint32_t code);
Instruction decode_multiply(uint32_t code);
Instruction decode_long_multiply_divide(uint32_t code);
Instruction decode_load_store_multiple(uint32_t code);
Instruction decode_dual_exclusive_table(uint32_t code);
Instruction decode_store_single(uint32_t code);
Instruction decode_load_single(uint32_t code);
Instruction decode_branch_control(uint32_t code);

// UNDEFINED, and UNPREDICTABLE, which this machine treats alike.
inline Instruction undefined_instruction() {
  Instruction result;
  result.execute = undefined;
  return result;
}

inline Instruction unpredictable() { return undefined_instruction(); }

constexpr bool is_sp_or_pc(uint32_t number) { return number == 13 || number == 15; }

constexpr uint8_t field(uint32_t code, unsigned high, unsigned low) {
  return static_cast<uint8_t>(Bits(code, high, low));
}

constexpr SetFlags flags_if(bool set) { return set ? SetFlags::Always : SetFlags::Never; }

}  // namespace vphoton::machine
