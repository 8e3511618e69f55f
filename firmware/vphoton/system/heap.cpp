#include "system/heap.h"

#include <algorithm>
#include <iterator>

#include "system/memory_check.h"

namespace vphoton::system {
namespace {

// newlib: each block has a header of 8 bytes, and 8 bytes are the least it holds.
constexpr uint32_t kHeader = 8;
constexpr uint32_t kLeast = 8;

constexpr uint32_t aligned(uint32_t value) { return (value + 7) & ~7u; }

}  // namespace

Heap::Heap(uint32_t begin, uint32_t end) : begin_(aligned(begin)), end_(std::max(begin_, end & ~7u)) {
  if (end_ > begin_) free_[begin_] = end_ - begin_;
  least_largest_free_ = largest_free();
}

void Heap::set_check(MemoryCheck* check) {
  check_ = check;
  if (check_) check_->heap_is(begin_, end_);
}

uint32_t Heap::allocate(uint32_t size) {
  if (size > end_ - begin_) return 0;
  const uint32_t whole = aligned(std::max(size, kLeast)) + kHeader;
  auto found = std::find_if(free_.begin(), free_.end(), [whole](const auto& gap) { return gap.second >= whole; });
  if (found == free_.end()) return 0;
  const auto [start, room] = *found;
  free_.erase(found);
  if (room > whole) free_[start + whole] = room - whole;
  used_[start + kHeader] = whole - kHeader;
  used_bytes_ += whole;
  most_used_ = std::max(most_used_, used_bytes_);
  least_largest_free_ = std::min(least_largest_free_, largest_free());
  if (check_) check_->allocated(start + kHeader, size);
  return start + kHeader;
}

bool Heap::free(uint32_t address) {
  auto block = used_.find(address);
  if (block == used_.end()) return false;
  const uint32_t whole = block->second + kHeader;
  if (check_) check_->freed(address, block->second);
  used_.erase(block);
  used_bytes_ -= whole;
  auto gap = free_.emplace(address - kHeader, whole).first;
  auto next = std::next(gap);
  if (next != free_.end() && gap->first + gap->second == next->first) {
    gap->second += next->second;
    free_.erase(next);
  }
  if (gap != free_.begin()) {
    auto before = std::prev(gap);
    if (before->first + before->second == gap->first) {
      before->second += gap->second;
      free_.erase(gap);
    }
  }
  return true;
}

void Heap::resized(uint32_t address, uint32_t size) {
  if (check_) check_->resized(address, size, size_of(address));
}

uint32_t Heap::size_of(uint32_t address) const {
  auto block = used_.find(address);
  return block == used_.end() ? 0 : block->second;
}

uint32_t Heap::largest_free() const {
  uint32_t largest = 0;
  for (const auto& gap : free_) largest = std::max(largest, gap.second);
  return largest > kHeader ? largest - kHeader : 0;
}

}  // namespace vphoton::system
