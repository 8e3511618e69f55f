// Memory that takes no pages before it is written to.
#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace vphoton::machine {

// Zeroed, in pages of its own; from the heap where AddressSanitizer is to watch its bounds. Null: there is none.
void* map_zeroes(size_t bytes);
void unmap_zeroes(void* memory, size_t bytes);

struct UnmapZeroes {
  size_t bytes = 0;
  void operator()(void* memory) const { unmap_zeroes(memory, bytes); }
};

template <typename T>
using LazyArray = std::unique_ptr<T[], UnmapZeroes>;

template <typename T>
LazyArray<T> lazy_zeroes(size_t count) {
  const size_t bytes = count * sizeof(T);
  void* memory = map_zeroes(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return LazyArray<T>(static_cast<T*>(memory), UnmapZeroes{bytes});
}

}  // namespace vphoton::machine
