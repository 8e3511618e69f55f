// Read-only memory that devices share: segments of bytes at fixed addresses, each with its decoded instructions.
//
// Instructions are decoded when first executed and kept; devices that share a Flash run in one thread.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

#include "machine/instruction.h"

namespace vphoton::machine {

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};

// Zeroed memory that takes no pages before it is written to.
template <typename T>
std::unique_ptr<T[], FreeMemory> lazy_zeroes(size_t count) {
  auto* memory = static_cast<T*>(std::calloc(count, sizeof(T)));
  if (memory == nullptr) throw std::bad_alloc();
  return std::unique_ptr<T[], FreeMemory>(memory);
}

class Flash {
 public:
  struct Segment {
    uint32_t base = 0;
    std::vector<uint8_t> bytes;
    // One for each halfword, and one behind the last, which is never executed. Not executed yet: no `execute`.
    std::unique_ptr<Instruction[], FreeMemory> decoded;
    uint32_t executable = 0;  // bytes that instructions can lie in: whole halfwords
  };

  // Segments must not overlap, and end at or before 2^32; `base` is even. The first added is found fastest.
  void add(uint32_t base, std::vector<uint8_t> bytes);

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
