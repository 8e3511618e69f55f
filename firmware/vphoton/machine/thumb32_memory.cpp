// 32-bit encodings: loads, stores, exclusives, table branches.
#include "machine/decode.h"
#include "machine/execute_memory.h"

namespace vphoton::machine {

namespace {

// Offset of eight bits with the manual's P, U and W (bits 10, 9, 8 of a single access).
struct Indexing {
  Addressing addressing;
  uint32_t imm;
  bool writes_back;
};

Indexing indexing(bool index, bool add, bool write_back, uint32_t offset) {
  const Addressing addressing = !index ? Addressing::PostIndex : write_back ? Addressing::PreIndex : Addressing::Offset;
  return {addressing, add ? offset : 0 - offset, !index || write_back};
}

Indexing indexing8(uint32_t code) { return indexing(Bit(code, 10), Bit(code, 9), Bit(code, 8), Bits(code, 7, 0)); }

Width width_of(uint32_t size, bool is_signed) {
  switch (size) {
    case 0:
      return is_signed ? Width::SignedByte : Width::Byte;
    case 1:
      return is_signed ? Width::SignedHalf : Width::Half;
    default:
      return Width::Word;
  }
}

Instruction preload_hint() {
  Instruction i;
  i.execute = no_operation;
  return i;
}

Instruction load_store_dual(uint32_t code) {
  Instruction i;
  const bool is_load = Bit(code, 20);
  const Indexing index = indexing(Bit(code, 24), Bit(code, 23), Bit(code, 21), Bits(code, 7, 0) * 4);
  i.n = field(code, 19, 16);
  i.d = field(code, 15, 12);
  i.a = field(code, 11, 8);
  i.imm = index.imm;
  if (is_sp_or_pc(i.d) || is_sp_or_pc(i.a)) return unpredictable();
  if (index.writes_back && (i.n == 15 || i.n == i.d || i.n == i.a)) return unpredictable();
  if (is_load) {
    if (i.d == i.a) return unpredictable();
    i.execute = load_dual(i.n == 15 ? Addressing::Literal : index.addressing);
  } else {
    if (i.n == 15) return unpredictable();
    i.execute = store_dual(index.addressing);
  }
  return i;
}

Instruction exclusive(Instruction i, bool is_load, Width width) {
  if (i.n == 15 || is_sp_or_pc(i.d)) return unpredictable();
  if (is_load) {
    i.execute = load_exclusive(width);
    return i;
  }
  if (is_sp_or_pc(i.a) || i.a == i.n || i.a == i.d) return unpredictable();
  i.execute = store_exclusive(width);
  return i;
}

}  // namespace

Instruction decode_load_store_multiple(uint32_t code) {
  const uint32_t op = Bits(code, 24, 23);
  if (op == 0 || op == 3) return undefined_instruction();
  Instruction i;
  const bool is_load = Bit(code, 20);
  const bool write_back = Bit(code, 21);
  i.n = field(code, 19, 16);
  i.imm = Bits(code, 15, 0);
  i.amount = static_cast<uint8_t>(BitCount(i.imm));
  i.a = write_back;
  if (i.n == 15 || i.amount < 2 || Bit(i.imm, 13) || (write_back && Bit(i.imm, i.n))) return unpredictable();
  if (is_load) {
    if (Bit(i.imm, 15) && Bit(i.imm, 14)) return unpredictable();
    if (Bit(i.imm, 15)) i.it = InIt::LastOnly;
    i.execute = op == 1 ? load_multiple : load_multiple_before;
  } else {
    if (Bit(i.imm, 15)) return unpredictable();
    i.execute = op == 1 ? store_multiple : store_multiple_before;
  }
  return i;
}

// "Load/store dual or exclusive, table branch".
Instruction decode_dual_exclusive_table(uint32_t code) {
  if (Bit(code, 24) || Bit(code, 21)) return load_store_dual(code);
  Instruction i;
  const bool is_load = Bit(code, 20);
  i.n = field(code, 19, 16);
  i.d = field(code, 15, 12);
  if (!Bit(code, 23)) {  // LDREX, STREX
    i.a = field(code, 11, 8);
    i.imm = Bits(code, 7, 0) * 4;
    if (is_load && i.a != 15) return unpredictable();
    return exclusive(i, is_load, Width::Word);
  }
  const uint32_t op3 = Bits(code, 7, 4);
  if (op3 == 4 || op3 == 5) {
    i.a = field(code, 3, 0);
    if (Bits(code, 11, 8) != 15 || (is_load && i.a != 15)) return unpredictable();
    return exclusive(i, is_load, op3 == 4 ? Width::Byte : Width::Half);
  }
  if (is_load && op3 <= 1) {  // TBB, TBH
    i.m = field(code, 3, 0);
    if (i.n == 13 || is_sp_or_pc(i.m) || Bits(code, 15, 8) != 0xF0) return unpredictable();
    i.it = InIt::LastOnly;
    i.execute = op3 == 0 ? table_branch_byte : table_branch_half;
    return i;
  }
  return undefined_instruction();
}

Instruction decode_store_single(uint32_t code) {
  const uint32_t size = Bits(code, 22, 21);
  if (size == 3) return undefined_instruction();
  const Width width = width_of(size, false);
  Instruction i;
  i.n = field(code, 19, 16);
  i.d = field(code, 15, 12);
  if (i.n == 15) return undefined_instruction();
  if (i.d == 15 || (i.d == 13 && width != Width::Word)) return unpredictable();
  if (Bit(code, 23)) {  // 12 bits
    i.imm = Bits(code, 11, 0);
    i.execute = store(width, Addressing::Offset);
    return i;
  }
  if (Bit(code, 11)) {  // 8 bits
    const Indexing index = indexing8(code);
    const bool unprivileged = Bits(code, 10, 8) == 6;
    if (!Bit(code, 10) && !Bit(code, 8)) return undefined_instruction();
    if ((index.writes_back && i.n == i.d) || (unprivileged && i.d == 13)) return unpredictable();
    i.imm = index.imm;
    i.execute = store(width, index.addressing);
    return i;
  }
  if (Bits(code, 10, 6) != 0) return undefined_instruction();
  i.m = field(code, 3, 0);
  i.amount = field(code, 5, 4);
  if (is_sp_or_pc(i.m)) return unpredictable();
  i.execute = store(width, Addressing::Register);
  return i;
}

// "Load byte, memory hints", "Load halfword, memory hints" and "Load word".
Instruction decode_load_single(uint32_t code) {
  const uint32_t size = Bits(code, 22, 21);
  const bool is_signed = Bit(code, 24);
  if (size == 3 || (size == 2 && is_signed)) return undefined_instruction();
  const Width width = width_of(size, is_signed);
  Instruction i;
  i.n = field(code, 19, 16);
  i.d = field(code, 15, 12);
  const bool into_pc = width == Width::Word && i.d == 15;
  const bool is_hint = width != Width::Word && i.d == 15;
  if (into_pc) i.it = InIt::LastOnly;
  if (i.d == 13 && width != Width::Word) return unpredictable();
  if (i.n == 15) {
    if (is_hint) return preload_hint();
    i.imm = Bit(code, 23) ? Bits(code, 11, 0) : 0 - Bits(code, 11, 0);
    i.execute = load(width, Addressing::Literal, into_pc);
    return i;
  }
  if (Bit(code, 23)) {  // 12 bits
    if (is_hint) return preload_hint();
    i.imm = Bits(code, 11, 0);
    i.execute = load(width, Addressing::Offset, into_pc);
    return i;
  }
  if (Bit(code, 11)) {  // 8 bits
    const Indexing index = indexing8(code);
    const bool unprivileged = Bits(code, 10, 8) == 6;
    if (!Bit(code, 10) && !Bit(code, 8)) return undefined_instruction();
    if (is_hint && Bits(code, 10, 8) == 4) return preload_hint();
    if (is_hint || (index.writes_back && i.n == i.d) || (unprivileged && is_sp_or_pc(i.d))) return unpredictable();
    i.imm = index.imm;
    i.execute = load(width, index.addressing, into_pc);
    return i;
  }
  if (Bits(code, 10, 6) != 0) return undefined_instruction();
  i.m = field(code, 3, 0);
  i.amount = field(code, 5, 4);
  if (is_sp_or_pc(i.m)) return unpredictable();
  if (is_hint) return preload_hint();
  i.execute = load(width, Addressing::Register, into_pc);
  return i;
}

}  // namespace vphoton::machine
