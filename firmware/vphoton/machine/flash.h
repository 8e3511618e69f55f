// Read-only memory that devices share: segments of bytes at fixed addresses, each with its decoded instructions.
//
// Instructions are decoded when first executed and kept; devices that share a Flash run in one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "machine/instruction.h"
#include "machine/lazy_memory.h"

namespace vphoton::machine {

class Flash {
 public:
  struct Segment {
    uint32_t base = 0;
    std::vector<uint8_t> bytes;
    // One for each halfword of `kept`, and two behind the last, which stay empty. Not executed yet: no `execute`.
    LazyArray<Instruction> decoded;
    uint32_t kept = 0;  // bytes from the base whose instructions are kept decoded: whole halfwords
  };

  // Segments must not overlap, and end at or before 2^32; `base` is even. The first added is found fastest. Code lies
  // in the first `code` bytes; what is executed behind them is decoded each time.
  void add(uint32_t base, std::vector<uint8_t> bytes, size_t code = SIZE_MAX);

  // The segment that holds all `size` bytes from the address, or null.
  const Segment* find(uint32_t address, uint32_t size) const {
    for (const auto& segment : segments_)
      if (uint64_t{address - segment.base} + size <= segment.bytes.size()) return &segment;
    return nullptr;
  }

  const std::vector<Segment>& segments() const { return segments_; }
  const Segment* first() const { return segments_.empty() ? nullptr : &segments_.front(); }

 private:
  std::vector<Segment> segments_;
};

}  // namespace vphoton::machine
