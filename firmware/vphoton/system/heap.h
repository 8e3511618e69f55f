// The heap that application and system share, in the application's RAM: the first block that is large enough.
//
// What it keeps of its blocks lies outside that RAM, so that an application which writes beyond a block spoils others
// but not the heap.
#pragma once

#include <cstdint>
#include <map>

namespace vphoton::system {

class MemoryCheck;

class Heap {
 public:
  // Addresses. Blocks are aligned to 8 bytes.
  Heap(uint32_t begin, uint32_t end);

  // 0: there is no room.
  uint32_t allocate(uint32_t size);
  // False: not a block.
  bool free(uint32_t address);
  // The block is to hold `size` bytes, for which it has room.
  void resized(uint32_t address, uint32_t size);
  // How many bytes from the address belong to its block; 0: not a block.
  uint32_t size_of(uint32_t address) const;

  uint32_t total() const { return end_ - begin_; }
  uint32_t used() const { return used_bytes_; }
  uint32_t most_used() const { return most_used_; }
  uint32_t largest_free() const;
  // The least that largest_free() has been after an allocation.
  uint32_t least_largest_free() const { return least_largest_free_; }

  // Is told of blocks as they were asked for, and of freed ones; null: nobody is.
  void set_check(MemoryCheck* check);

 private:
  uint32_t begin_;
  uint32_t end_;
  uint32_t used_bytes_ = 0;
  uint32_t most_used_ = 0;
  uint32_t least_largest_free_;
  MemoryCheck* check_ = nullptr;
  std::map<uint32_t, uint32_t> used_;  // size by address
  std::map<uint32_t, uint32_t> free_;
};

}  // namespace vphoton::system
