#include "trial/seeded.h"

namespace vphoton::trial {
namespace {

constexpr uint32_t kLongestSliceBits = 13;
constexpr uint32_t kSlowest = 4;         // times as long as without a seed
constexpr uint32_t kHeldUpOneIn = 1024;  // of the system's turns
constexpr uint32_t kLongestHoldUs = 30000;

}  // namespace

// Short ones as often as long ones.
uint64_t SeededTrial::slice() { return 1 + below(1u << (1 + below(kLongestSliceBits))); }

void SeededTrial::ran(uint64_t instructions) {
  Trial::ran(instructions);
  clock().ran(instructions * below(kSlowest));
}

void SeededTrial::turn() {
  if (below(kHeldUpOneIn) == 0 && application().preemptible())
    board().advance(clock().us() + below(kLongestHoldUs));
  else
    Trial::turn();
}

}  // namespace vphoton::trial
