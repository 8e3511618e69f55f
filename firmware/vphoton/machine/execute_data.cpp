#include "machine/execute_data.h"

#include <array>
#include <utility>

#include "machine/processor.h"

namespace vphoton::machine {

namespace {

constexpr bool is_test(Operation operation) { return operation >= Operation::Tst; }

constexpr bool is_arithmetic(Operation operation) {
  return (operation >= Operation::Add && operation <= Operation::Rsb) || operation >= Operation::Cmp;
}

template <Operation operation>
inline Sum arithmetic(uint32_t first, uint32_t second, bool carry) {
  switch (operation) {
    case Operation::Add:
    case Operation::Cmn:
      return AddWithCarry(first, second, false);
    case Operation::Adc:
      return AddWithCarry(first, second, carry);
    case Operation::Sbc:
      return AddWithCarry(first, ~second, carry);
    case Operation::Rsb:
      return AddWithCarry(~first, second, true);
    default:
      return AddWithCarry(first, ~second, true);
  }
}

template <Operation operation>
inline uint32_t logical(uint32_t first, uint32_t second) {
  switch (operation) {
    case Operation::And:
    case Operation::Tst:
      return first & second;
    case Operation::Bic:
      return first & ~second;
    case Operation::Orr:
      return first | second;
    case Operation::Orn:
      return first | ~second;
    case Operation::Eor:
    case Operation::Teq:
      return first ^ second;
    case Operation::Mvn:
      return ~second;
    default:
      return second;
  }
}

template <Operation operation>
inline void operate(Processor& p, const Instruction& i, uint32_t second, bool carry) {
  const uint32_t first = p.regs.r[i.n];
  if constexpr (is_arithmetic(operation)) {
    const Sum sum = arithmetic<operation>(first, second, p.regs.c);
    if (!is_test(operation)) p.write(i.d, sum.result);
    if (i.flags == SetFlags::Never) return;
    p.set_nz(sum.result);
    p.regs.c = sum.carry;
    p.regs.v = sum.overflow;
  } else {
    const uint32_t result = logical<operation>(first, second);
    if (!is_test(operation)) p.write(i.d, result);
    if (i.flags == SetFlags::Never) return;
    p.set_nz(result);
    p.regs.c = carry;
  }
}

template <Operation operation>
void with_immediate(Processor& p, const Instruction& i) {
  operate<operation>(p, i, i.imm, i.carry == ImmCarry::Unchanged ? p.regs.c : i.carry == ImmCarry::Set);
}

template <Operation operation>
void with_register(Processor& p, const Instruction& i) {
  operate<operation>(p, i, p.regs.r[i.m], p.regs.c);
}

template <Operation operation>
void with_shifted_register(Processor& p, const Instruction& i) {
  const WithCarry shifted = Shift_C(p.regs.r[i.m], i.shift, i.amount, p.regs.c);
  operate<operation>(p, i, shifted.result, shifted.carry);
}

constexpr size_t kOperations = 16;

template <size_t... index>
constexpr std::array<std::array<Execute, 3>, kOperations> table(std::index_sequence<index...>) {
  return {{{with_immediate<static_cast<Operation>(index)>, with_register<static_cast<Operation>(index)>,
            with_shifted_register<static_cast<Operation>(index)>}...}};
}

constexpr auto kTable = table(std::make_index_sequence<kOperations>());

template <typename T>
void write_long(Processor& p, const Instruction& i, T result) {
  const auto bits = static_cast<uint64_t>(result);
  p.write(i.d, static_cast<uint32_t>(bits));
  p.write(i.a, static_cast<uint32_t>(bits >> 32));
}

int64_t signed_product(const Processor& p, const Instruction& i) {
  return int64_t{static_cast<int32_t>(p.regs.r[i.n])} * static_cast<int32_t>(p.regs.r[i.m]);
}

uint64_t unsigned_product(const Processor& p, const Instruction& i) { return uint64_t{p.regs.r[i.n]} * p.regs.r[i.m]; }

uint64_t accumulator(const Processor& p, const Instruction& i) { return uint64_t{p.regs.r[i.a]} << 32 | p.regs.r[i.d]; }

void write_saturated(Processor& p, const Instruction& i, const Saturated& value) {
  p.write(i.d, value.result);
  if (value.saturated) p.regs.q = true;
}

int32_t shifted(const Processor& p, const Instruction& i) {
  return static_cast<int32_t>(Shift_C(p.regs.r[i.n], i.shift, i.amount, p.regs.c).result);
}

// Ones in `width` (1 ... 32) bits from `low`.
uint32_t field_mask(unsigned low, unsigned width) { return 0xFFFFFFFFu >> (32 - width) << low; }

uint32_t rotated(const Processor& p, const Instruction& i) {
  return Shift_C(p.regs.r[i.m], SRType::ROR, i.amount, false).result;
}

void check_divisor(const Processor& p, uint32_t divisor) {
  if (divisor == 0 && p.divide_by_zero_traps) throw Fault{FaultKind::DivideByZero, p.regs.r[15] - 4};
}

}  // namespace

Execute operate_immediate(Operation operation) { return kTable[static_cast<size_t>(operation)][0]; }

Execute operate_register(Operation operation, ImmShift shift) {
  const bool none = shift.type == SRType::LSL && shift.amount == 0;
  return kTable[static_cast<size_t>(operation)][none ? 1 : 2];
}

void shift_by_register(Processor& p, const Instruction& i) {
  const WithCarry result = Shift_C(p.regs.r[i.n], i.shift, p.regs.r[i.m] & 0xFF, p.regs.c);
  p.write(i.d, result.result);
  if (i.flags == SetFlags::Never) return;
  p.set_nz(result.result);
  p.regs.c = result.carry;
}

void move_top(Processor& p, const Instruction& i) { p.write(i.d, i.imm << 16 | (p.regs.r[i.d] & 0xFFFF)); }

void address_of(Processor& p, const Instruction& i) { p.write(i.d, Align(p.regs.r[15], 4) + i.imm); }

void add_to_pc(Processor& p, const Instruction& i) { p.BranchWritePC(p.regs.r[15] + p.regs.r[i.m]); }

void move_to_pc(Processor& p, const Instruction& i) { p.BranchWritePC(p.regs.r[i.m]); }

void multiply(Processor& p, const Instruction& i) {
  const uint32_t result = p.regs.r[i.n] * p.regs.r[i.m];
  p.write(i.d, result);
  if (i.flags != SetFlags::Never) p.set_nz(result);
}

void multiply_add(Processor& p, const Instruction& i) { p.write(i.d, p.regs.r[i.a] + p.regs.r[i.n] * p.regs.r[i.m]); }

void multiply_subtract(Processor& p, const Instruction& i) {
  p.write(i.d, p.regs.r[i.a] - p.regs.r[i.n] * p.regs.r[i.m]);
}

void signed_multiply_long(Processor& p, const Instruction& i) { write_long(p, i, signed_product(p, i)); }

void unsigned_multiply_long(Processor& p, const Instruction& i) { write_long(p, i, unsigned_product(p, i)); }

void signed_multiply_add_long(Processor& p, const Instruction& i) {
  write_long(p, i, static_cast<uint64_t>(signed_product(p, i)) + accumulator(p, i));
}

void unsigned_multiply_add_long(Processor& p, const Instruction& i) {
  write_long(p, i, unsigned_product(p, i) + accumulator(p, i));
}

void signed_divide(Processor& p, const Instruction& i) {
  const auto divisor = static_cast<int32_t>(p.regs.r[i.m]);
  check_divisor(p, p.regs.r[i.m]);
  // In 64 bits, because the least of 32 bits divided by -1 is itself.
  const int64_t dividend = static_cast<int32_t>(p.regs.r[i.n]);
  p.write(i.d, divisor == 0 ? 0 : static_cast<uint32_t>(dividend / divisor));
}

void unsigned_divide(Processor& p, const Instruction& i) {
  const uint32_t divisor = p.regs.r[i.m];
  check_divisor(p, divisor);
  p.write(i.d, divisor == 0 ? 0 : p.regs.r[i.n] / divisor);
}

void signed_saturate(Processor& p, const Instruction& i) { write_saturated(p, i, SignedSatQ(shifted(p, i), i.a)); }

void unsigned_saturate(Processor& p, const Instruction& i) { write_saturated(p, i, UnsignedSatQ(shifted(p, i), i.a)); }

void signed_extract(Processor& p, const Instruction& i) { p.write(i.d, SignExtend(p.regs.r[i.n] >> i.imm, i.a)); }

void unsigned_extract(Processor& p, const Instruction& i) { p.write(i.d, p.regs.r[i.n] >> i.imm & field_mask(0, i.a)); }

void insert_bits(Processor& p, const Instruction& i) {
  const uint32_t mask = field_mask(i.imm, i.a);
  p.write(i.d, (p.regs.r[i.d] & ~mask) | (p.regs.r[i.n] << i.imm & mask));
}

void clear_bits(Processor& p, const Instruction& i) { p.write(i.d, p.regs.r[i.d] & ~field_mask(i.imm, i.a)); }

void extend_signed_half(Processor& p, const Instruction& i) { p.write(i.d, SignExtend(rotated(p, i), 16)); }

void extend_signed_byte(Processor& p, const Instruction& i) { p.write(i.d, SignExtend(rotated(p, i), 8)); }

void extend_half(Processor& p, const Instruction& i) { p.write(i.d, rotated(p, i) & 0xFFFF); }

void extend_byte(Processor& p, const Instruction& i) { p.write(i.d, rotated(p, i) & 0xFF); }

void reverse_bytes(Processor& p, const Instruction& i) { p.write(i.d, __builtin_bswap32(p.regs.r[i.m])); }

void reverse_bytes_of_halves(Processor& p, const Instruction& i) {
  const uint32_t value = p.regs.r[i.m];
  p.write(i.d, (value >> 8 & 0x00FF00FF) | (value << 8 & 0xFF00FF00));
}

void reverse_bytes_signed_half(Processor& p, const Instruction& i) {
  p.write(i.d, SignExtend(__builtin_bswap16(static_cast<uint16_t>(p.regs.r[i.m])), 16));
}

void reverse_bits(Processor& p, const Instruction& i) {
  uint32_t value = p.regs.r[i.m];
  uint32_t result = 0;
  for (int bit = 0; bit < 32; ++bit, value >>= 1) result = result << 1 | (value & 1);
  p.write(i.d, result);
}

void count_leading_zeros(Processor& p, const Instruction& i) {
  const uint32_t value = p.regs.r[i.m];
  p.write(i.d, value == 0 ? 32 : static_cast<uint32_t>(__builtin_clz(value)));
}

}  // namespace vphoton::machine
