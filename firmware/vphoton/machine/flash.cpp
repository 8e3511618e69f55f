#include "machine/flash.h"

#include <utility>

namespace vphoton::machine {

void Flash::add(uint32_t base, std::vector<uint8_t> bytes) {
  auto decoded = lazy_zeroes<Instruction>(bytes.size() / 2 + 1);
  const auto executable = static_cast<uint32_t>(bytes.size()) & ~1u;
  segments_.push_back({base, std::move(bytes), std::move(decoded), executable});
}

}  // namespace vphoton::machine
