#include "machine/lazy_memory.h"

#include <sys/mman.h>

#include <cstdlib>

namespace vphoton::machine {

namespace {

constexpr bool sanitized() {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

}  // namespace

void* map_zeroes(size_t bytes) {
  if (sanitized()) return std::calloc(bytes, 1);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void unmap_zeroes(void* memory, size_t bytes) {
  if (sanitized())
    std::free(memory);
  else
    munmap(memory, bytes);
}

}  // namespace vphoton::machine
