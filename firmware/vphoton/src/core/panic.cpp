#include "core/panic.h"

namespace vphoton::panic {

std::string describe(uint32_t code) {
  switch (code) {
    case kHardFault:
      return "hard_fault";
    case 3:
      return "memory_fault";
    case kBusFault:
      return "bus_fault";
    case kUsageFault:
      return "usage_fault";
    case kOutOfHeap:
      return "out_of_heap";
    case kAssertFailed:
      return "assert_failed";
    case kStackOverflow:
      return "stack_overflow";
    default:
      return std::to_string(code);
  }
}

}  // namespace vphoton::panic
