#include "system/memory_check.h"

#include <algorithm>
#include <cstring>

#include "base/json.h"

namespace vphoton::system {
namespace {

using machine::kRamBase;
using machine::kRamSize;

constexpr uint32_t kLargestFrame = 8192;  // a stack pointer that moves farther is another stack's

}  // namespace

MemoryCheck::MemoryCheck() : states_(new uint8_t[kRamSize]()) {}

void MemoryCheck::mark(uint32_t address, uint32_t size, State state) {
  const uint32_t offset = address - kRamBase;
  if (uint64_t{offset} + size <= kRamSize) std::memset(states_.get() + offset, state, size);
}

void MemoryCheck::heap_is(uint32_t begin, uint32_t end) { mark(begin, end - begin, kOutside); }
void MemoryCheck::allocated(uint32_t address, uint32_t size) { mark(address, size, kUnwritten); }
void MemoryCheck::freed(uint32_t address, uint32_t size) { mark(address, size, kOutside); }

void MemoryCheck::resized(uint32_t address, uint32_t size, uint32_t room) {
  uint8_t* states = states_.get() + (address - kRamBase);
  std::replace(states, states + size, uint8_t{kOutside}, uint8_t{kUnwritten});
  std::memset(states + size, kOutside, room - size);
}

void MemoryCheck::instruction(uint32_t pc, uint32_t lr, uint32_t sp) {
  pc_ = pc;
  lr_ = lr;
  if (sp > sp_ && sp - sp_ <= kLargestFrame) mark(sp_, sp - sp_, kUnwritten);
  sp_ = sp;
}

void MemoryCheck::read(uint32_t address, uint32_t size) {
  const uint32_t offset = address - kRamBase;
  if (uint64_t{offset} + size > kRamSize) return;
  const uint8_t* states = states_.get() + offset;
  if (std::find(states, states + size, kOutside) != states + size)
    find(*states == kOutside ? "outside_block" : "beyond_block", address, size);
  else if (std::count(states, states + size, kUnwritten) == static_cast<std::ptrdiff_t>(size))
    find("unwritten", address, size);
}

void MemoryCheck::written(uint32_t address, uint32_t size) {
  const uint32_t offset = address - kRamBase;
  if (uint64_t{offset} + size > kRamSize) return;
  uint8_t* states = states_.get() + offset;
  if (std::find(states, states + size, kOutside) != states + size)
    find("outside_block", address, size);
  else
    std::memset(states, kWritten, size);
}

void MemoryCheck::find(const char* kind, uint32_t address, uint32_t size) {
  ++findings_.try_emplace({pc_, kind}, Finding{lr_, address, size, 0}).first->second.count;
}

std::string MemoryCheck::findings() const {
  std::string list;
  for (const auto& [key, finding] : findings_) {
    if (!list.empty()) list += ",";
    list += JsonObject()
                .add("kind", key.second)
                .add("pc", static_cast<long long>(key.first))
                .add("lr", static_cast<long long>(finding.lr))
                .add("address", static_cast<long long>(finding.address))
                .add("size", static_cast<long long>(finding.size))
                .add("count", static_cast<long long>(finding.count))
                .str();
  }
  return "[" + list + "]";
}

}  // namespace vphoton::system
