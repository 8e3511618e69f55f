#include "machine/flash.h"

#include <algorithm>
#include <utility>

namespace vphoton::machine {

void Flash::add(uint32_t base, std::vector<uint8_t> bytes, size_t code) {
  const auto kept = static_cast<uint32_t>(std::min(code, bytes.size())) & ~1u;
  auto decoded = lazy_zeroes<Instruction>(kept / 2 + 2);
  segments_.push_back({base, std::move(bytes), std::move(decoded), kept});
}

}  // namespace vphoton::machine
