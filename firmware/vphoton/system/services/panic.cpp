#include "system/services/panic.h"

namespace vphoton::panic {
namespace {

// Device OS 2.3.1, panic_(): three blinks each, and a pause.
constexpr uint32_t kS = 3 * (150 + 100);
constexpr uint32_t kO = 3 * (300 + 100);
constexpr uint32_t kSosMs = kS + 100 + kO + 100 + kS + 900;
constexpr uint32_t kBlinkMs = 300 + 300;
constexpr uint32_t kPauseMs = 800;

}  // namespace

uint32_t duration_ms(uint32_t code) { return 2 * (kSosMs + code * kBlinkMs + kPauseMs); }

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
