#include "machine/execute_memory.h"

#include <array>
#include <cstring>

#include "machine/processor.h"

namespace vphoton::machine {

namespace {

template <Width width>
inline uint32_t read(Processor& p, uint32_t address) {
  switch (width) {
    case Width::Byte:
      return p.memory().read<uint8_t>(address);
    case Width::SignedByte:
      return static_cast<uint32_t>(static_cast<int8_t>(p.memory().read<uint8_t>(address)));
    case Width::Half:
      return p.memory().read<uint16_t>(address);
    case Width::SignedHalf:
      return static_cast<uint32_t>(static_cast<int16_t>(p.memory().read<uint16_t>(address)));
    default:
      return p.memory().read<uint32_t>(address);
  }
}

template <Width width>
inline void write(Processor& p, uint32_t address, uint32_t value) {
  switch (width) {
    case Width::Byte:
      return p.memory().write(address, static_cast<uint8_t>(value));
    case Width::Half:
      return p.memory().write(address, static_cast<uint16_t>(value));
    default:
      return p.memory().write(address, value);
  }
}

template <Addressing addressing>
inline uint32_t address_of(const Processor& p, const Instruction& i) {
  switch (addressing) {
    case Addressing::Register:
      return p.regs.r[i.n] + (p.regs.r[i.m] << i.amount);
    case Addressing::Literal:
      return Align(p.regs.r[15], 4) + i.imm;
    case Addressing::PostIndex:
      return p.regs.r[i.n];
    default:
      return p.regs.r[i.n] + i.imm;
  }
}

constexpr bool writes_back(Addressing addressing) {
  return addressing == Addressing::PreIndex || addressing == Addressing::PostIndex;
}

// Of a register list, in bytes.
uint32_t length(const Instruction& i) { return 4u * i.amount; }

void check_aligned(uint32_t address, uint32_t to) {
  if ((address & (to - 1)) != 0) throw Fault{FaultKind::Unaligned, address};
}

template <Width width, Addressing addressing>
void load_one(Processor& p, const Instruction& i) {
  const uint32_t value = read<width>(p, address_of<addressing>(p, i));
  if (writes_back(addressing)) p.write(i.n, p.regs.r[i.n] + i.imm);
  p.write(i.d, value);
}

template <Addressing addressing>
void load_pc(Processor& p, const Instruction& i) {
  const uint32_t address = address_of<addressing>(p, i);
  check_aligned(address, 4);
  const uint32_t value = p.memory().read<uint32_t>(address);
  if (writes_back(addressing)) p.write(i.n, p.regs.r[i.n] + i.imm);
  p.BXWritePC(value);
}

template <Width width, Addressing addressing>
void store_one(Processor& p, const Instruction& i) {
  write<width>(p, address_of<addressing>(p, i), p.regs.r[i.d]);
  if (writes_back(addressing)) p.write(i.n, p.regs.r[i.n] + i.imm);
}

template <Addressing addressing>
void load_two(Processor& p, const Instruction& i) {
  const uint32_t address = address_of<addressing>(p, i);
  check_aligned(address, 4);
  const uint32_t first = p.memory().read<uint32_t>(address);
  const uint32_t second = p.memory().read<uint32_t>(address + 4);
  if (writes_back(addressing)) p.write(i.n, p.regs.r[i.n] + i.imm);
  p.write(i.d, first);
  p.write(i.a, second);
}

template <Addressing addressing>
void store_two(Processor& p, const Instruction& i) {
  const uint32_t address = address_of<addressing>(p, i);
  check_aligned(address, 4);
  p.memory().write(address, p.regs.r[i.d]);
  p.memory().write(address + 4, p.regs.r[i.a]);
  if (writes_back(addressing)) p.write(i.n, p.regs.r[i.n] + i.imm);
}

// Words at ascending addresses for the registers of a list, r0 ... r14.
template <typename Each>
inline void for_each_register(uint32_t list, Each each) {
  for (uint32_t left = list & 0x7FFF; left != 0; left &= left - 1) each(static_cast<unsigned>(__builtin_ctz(left)));
}

void load_list(Processor& p, const Instruction& i, uint32_t address, uint32_t base) {
  check_aligned(address, 4);
  uint32_t values[16];
  const uint32_t* next = values;
  if (const uint8_t* from = p.memory().ram(address, length(i))) {
    std::memcpy(values, from, length(i));
  } else {
    for (unsigned number = 0; number < i.amount; ++number)
      values[number] = p.memory().read<uint32_t>(address + 4 * number);
  }
  if (i.a != 0) p.write(i.n, base);
  for_each_register(i.imm, [&](unsigned register_) { p.write(register_, *next++); });
  if (Bit(i.imm, 15)) p.BXWritePC(*next);
}

void store_list(Processor& p, const Instruction& i, uint32_t address, uint32_t base) {
  check_aligned(address, 4);
  if (uint8_t* to = p.memory().ram(address, length(i))) {
    for_each_register(i.imm, [&](unsigned register_) {
      std::memcpy(to, &p.regs.r[register_], 4);
      to += 4;
    });
  } else {
    for_each_register(i.imm, [&](unsigned register_) {
      p.memory().write(address, p.regs.r[register_]);
      address += 4;
    });
  }
  if (i.a != 0) p.write(i.n, base);
}

template <Width width>
uint32_t exclusive_address(const Processor& p, const Instruction& i) {
  const uint32_t address = p.regs.r[i.n] + i.imm;
  check_aligned(address, width == Width::Word ? 4 : width == Width::Half ? 2 : 1);
  return address;
}

template <Width width>
void load_one_exclusive(Processor& p, const Instruction& i) {
  const uint32_t value = read<width>(p, exclusive_address<width>(p, i));
  p.regs.exclusive = true;
  p.write(i.d, value);
}

template <Width width>
void store_one_exclusive(Processor& p, const Instruction& i) {
  const uint32_t address = exclusive_address<width>(p, i);
  const bool passed = p.regs.exclusive;
  if (passed) write<width>(p, address, p.regs.r[i.d]);
  p.regs.exclusive = false;
  p.write(i.a, passed ? 0 : 1);
}

using Row = std::array<Execute, 5>;  // by Addressing

template <Width width>
constexpr Row load_row() {
  return {load_one<width, Addressing::Offset>, load_one<width, Addressing::Register>,
          load_one<width, Addressing::Literal>, load_one<width, Addressing::PreIndex>,
          load_one<width, Addressing::PostIndex>};
}

template <Width width>
constexpr Row store_row() {
  return {store_one<width, Addressing::Offset>, store_one<width, Addressing::Register>, nullptr,
          store_one<width, Addressing::PreIndex>, store_one<width, Addressing::PostIndex>};
}

constexpr std::array<Row, 5> kLoads = {load_row<Width::Byte>(), load_row<Width::SignedByte>(), load_row<Width::Half>(),
                                       load_row<Width::SignedHalf>(), load_row<Width::Word>()};
constexpr std::array<Row, 5> kStores = {store_row<Width::Byte>(), Row{}, store_row<Width::Half>(), Row{},
                                        store_row<Width::Word>()};
constexpr Row kLoadsOfPc = {load_pc<Addressing::Offset>, load_pc<Addressing::Register>, load_pc<Addressing::Literal>,
                            load_pc<Addressing::PreIndex>, load_pc<Addressing::PostIndex>};
constexpr Row kLoadsOfTwo = {load_two<Addressing::Offset>, nullptr, load_two<Addressing::Literal>,
                             load_two<Addressing::PreIndex>, load_two<Addressing::PostIndex>};
constexpr Row kStoresOfTwo = {store_two<Addressing::Offset>, nullptr, nullptr, store_two<Addressing::PreIndex>,
                              store_two<Addressing::PostIndex>};

Execute at(const Row& row, Addressing addressing) { return row[static_cast<size_t>(addressing)]; }

}  // namespace

Execute load(Width width, Addressing addressing, bool into_pc) {
  return at(into_pc ? kLoadsOfPc : kLoads[static_cast<size_t>(width)], addressing);
}

Execute store(Width width, Addressing addressing) { return at(kStores[static_cast<size_t>(width)], addressing); }

Execute load_dual(Addressing addressing) { return at(kLoadsOfTwo, addressing); }

Execute store_dual(Addressing addressing) { return at(kStoresOfTwo, addressing); }

void load_multiple(Processor& p, const Instruction& i) {
  const uint32_t base = p.regs.r[i.n];
  load_list(p, i, base, base + length(i));
}

void store_multiple(Processor& p, const Instruction& i) {
  const uint32_t base = p.regs.r[i.n];
  store_list(p, i, base, base + length(i));
}

void load_multiple_before(Processor& p, const Instruction& i) {
  const uint32_t start = p.regs.r[i.n] - length(i);
  load_list(p, i, start, start);
}

void store_multiple_before(Processor& p, const Instruction& i) {
  const uint32_t start = p.regs.r[i.n] - length(i);
  store_list(p, i, start, start);
}

Execute load_exclusive(Width width) {
  switch (width) {
    case Width::Byte:
      return load_one_exclusive<Width::Byte>;
    case Width::Half:
      return load_one_exclusive<Width::Half>;
    default:
      return load_one_exclusive<Width::Word>;
  }
}

Execute store_exclusive(Width width) {
  switch (width) {
    case Width::Byte:
      return store_one_exclusive<Width::Byte>;
    case Width::Half:
      return store_one_exclusive<Width::Half>;
    default:
      return store_one_exclusive<Width::Word>;
  }
}

void clear_exclusive(Processor& p, const Instruction&) { p.regs.exclusive = false; }

void table_branch_byte(Processor& p, const Instruction& i) {
  p.BranchWritePC(p.regs.r[15] + 2 * p.memory().read<uint8_t>(p.regs.r[i.n] + p.regs.r[i.m]));
}

void table_branch_half(Processor& p, const Instruction& i) {
  p.BranchWritePC(p.regs.r[15] + 2 * p.memory().read<uint16_t>(p.regs.r[i.n] + 2 * p.regs.r[i.m]));
}

}  // namespace vphoton::machine
