// The helper functions of the Armv7-M Architecture Reference Manual's pseudocode, under the manual's names.
#pragma once

#include <cstdint>

namespace vphoton::machine {

// Bits high ... low of a value.
constexpr uint32_t Bits(uint32_t value, unsigned high, unsigned low) {
  return value >> low & (0xFFFFFFFFu >> (31 - (high - low)));
}

constexpr bool Bit(uint32_t value, unsigned at) { return value >> at & 1; }

// From the given width, 1 ... 32 bits.
constexpr uint32_t SignExtend(uint32_t value, unsigned width) {
  const uint32_t sign = 1u << (width - 1);
  const uint32_t kept = width == 32 ? value : value & ((1u << width) - 1);
  return (kept ^ sign) - sign;
}

constexpr uint32_t Align(uint32_t value, uint32_t to) { return value & ~(to - 1); }

constexpr unsigned BitCount(uint32_t value) { return static_cast<unsigned>(__builtin_popcount(value)); }

enum class SRType : uint8_t { LSL, LSR, ASR, ROR, RRX };

struct ImmShift {
  SRType type;
  uint8_t amount;  // 0 ... 32
};

struct WithCarry {
  uint32_t result;
  bool carry;
};

struct Sum {
  uint32_t result;
  bool carry;
  bool overflow;
};

constexpr Sum AddWithCarry(uint32_t x, uint32_t y, bool carry) {
  const uint64_t sum = uint64_t{x} + y + carry;
  const auto result = static_cast<uint32_t>(sum);
  return {result, (sum >> 32) != 0, ((x ^ result) & (y ^ result)) >> 31 != 0};
}

constexpr ImmShift DecodeImmShift(uint32_t type, uint32_t imm5) {
  const auto amount = static_cast<uint8_t>(imm5);
  switch (type & 3) {
    case 0:
      return {SRType::LSL, amount};
    case 1:
      return {SRType::LSR, static_cast<uint8_t>(amount ? amount : 32)};
    case 2:
      return {SRType::ASR, static_cast<uint8_t>(amount ? amount : 32)};
    default:
      return amount ? ImmShift{SRType::ROR, amount} : ImmShift{SRType::RRX, 1};
  }
}

// For amounts 0 ... 255; RRX shifts by 1.
constexpr WithCarry Shift_C(uint32_t value, SRType type, uint32_t amount, bool carry) {
  if (type == SRType::RRX) return {static_cast<uint32_t>(carry) << 31 | value >> 1, Bit(value, 0)};
  if (amount == 0) return {value, carry};
  switch (type) {
    case SRType::LSL:
      if (amount < 32) return {value << amount, Bit(value, 32 - amount)};
      return {0, amount == 32 && Bit(value, 0)};
    case SRType::LSR:
      if (amount < 32) return {value >> amount, Bit(value, amount - 1)};
      return {0, amount == 32 && Bit(value, 31)};
    case SRType::ASR: {
      const uint32_t fill = Bit(value, 31) ? 0xFFFFFFFFu : 0;
      if (amount < 32) return {value >> amount | fill << (32 - amount), Bit(value, amount - 1)};
      return {fill, Bit(value, 31)};
    }
    default: {
      const uint32_t by = amount & 31;
      const uint32_t result = by ? value >> by | value << (32 - by) : value;
      return {result, Bit(result, 31)};
    }
  }
}

// What an immediate of 12 bits does to the carry flag.
enum class ImmCarry : uint8_t { Clear, Set, Unchanged };

struct Expanded {
  uint32_t value;
  ImmCarry carry;
  bool unpredictable;
};

constexpr Expanded ThumbExpandImm_C(uint32_t imm12) {
  const uint32_t byte = imm12 & 0xFF;
  if (Bits(imm12, 11, 10) == 0) {
    const uint32_t kind = Bits(imm12, 9, 8);
    constexpr uint32_t kCopies[] = {0x00000001, 0x00010001, 0x01000100, 0x01010101};
    return {byte * kCopies[kind], ImmCarry::Unchanged, kind != 0 && byte == 0};
  }
  const auto rotated = Shift_C(0x80 | (imm12 & 0x7F), SRType::ROR, Bits(imm12, 11, 7), false);
  return {rotated.result, rotated.carry ? ImmCarry::Set : ImmCarry::Clear, false};
}

struct Saturated {
  uint32_t result;
  bool saturated;
};

// To 1 ... 32 bits.
constexpr Saturated SignedSatQ(int32_t value, unsigned width) {
  const int64_t most = (int64_t{1} << (width - 1)) - 1;
  const int64_t least = -most - 1;
  if (value > most) return {static_cast<uint32_t>(most), true};
  if (value < least) return {static_cast<uint32_t>(least), true};
  return {static_cast<uint32_t>(value), false};
}

// To 0 ... 31 bits.
constexpr Saturated UnsignedSatQ(int32_t value, unsigned width) {
  const int64_t most = (int64_t{1} << width) - 1;
  if (value > most) return {static_cast<uint32_t>(most), true};
  if (value < 0) return {0, true};
  return {static_cast<uint32_t>(value), false};
}

// ITSTATE after one instruction of the block.
constexpr uint8_t ITAdvance(uint8_t itstate) {
  if ((itstate & 7) == 0) return 0;
  return static_cast<uint8_t>((itstate & 0xE0) | (itstate << 1 & 0x1F));
}

constexpr bool LastInITBlock(uint8_t itstate) { return (itstate & 0xF) == 8; }

}  // namespace vphoton::machine
