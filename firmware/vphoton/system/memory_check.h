// Which bytes of the application's RAM hold something: reads of what was never written, accesses beyond the blocks of
// the heap and in blocks that are freed.
//
// A read counts as one of unwritten memory if none of its bytes was written: structures are copied with their padding.
// What lies below the stack pointer is unwritten again. The system's own accesses are not checked; what it writes is
// written.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "machine/memory.h"

namespace vphoton::system {

class MemoryCheck {
 public:
  MemoryCheck();

  // Addresses from `begin` to `end` are the heap's: nothing in them may be used before it is allocated.
  void heap_is(uint32_t begin, uint32_t end);
  void allocated(uint32_t address, uint32_t size);
  // Of `room` bytes at the address so many are the block's from now on.
  void resized(uint32_t address, uint32_t size, uint32_t room);
  void freed(uint32_t address, uint32_t size);

  // Each instruction says where its stack is; `pc` and `lr` name it in findings.
  void instruction(uint32_t pc, uint32_t lr, uint32_t sp);
  // Another stack is in use.
  void stack_is_at(uint32_t sp) { sp_ = sp; }
  void read(uint32_t address, uint32_t size);
  void written(uint32_t address, uint32_t size);
  void written_by_system(uint32_t address, uint32_t size) { mark(address, size, kWritten); }

  // [{"kind","pc","lr","address","size","count"}], each place in the code once. `kind`: "unwritten", "outside_block",
  // or "beyond_block", a read that begins in a block and ends behind it.
  std::string findings() const;

 private:
  enum State : uint8_t { kUnwritten, kWritten, kOutside };
  struct Finding {
    uint32_t lr;
    uint32_t address;
    uint32_t size;
    uint64_t count;
  };

  void mark(uint32_t address, uint32_t size, State state);
  void find(const char* kind, uint32_t address, uint32_t size);

  std::unique_ptr<uint8_t[]> states_;                             // one for each byte of RAM
  std::map<std::pair<uint32_t, std::string>, Finding> findings_;  // by pc and kind
  uint32_t pc_ = 0;
  uint32_t lr_ = 0;
  uint32_t sp_ = 0;
};

}  // namespace vphoton::system
