// Device OS's functions for ARM applications: places, arguments, memory, formats. What needs an application to run is
// tried in tests/vphoton/arm.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "system/dynalib.h"
#include "system/heap.h"
#include "system/serve.h"
#include "system/tables.h"

using namespace vphoton::system;

namespace {

// How many words the named arguments of a signature take, by its text alone.
unsigned words_of(std::string_view signature) {
  const size_t open = [&] {
    // The parameters begin at the first bracket, or behind "(*" of a function pointer that is returned; there is none.
    return signature.find('(');
  }();
  std::string_view inside = signature.substr(open + 1, signature.rfind(')') - open - 1);
  unsigned words = 0;
  int depth = 0;
  std::string parameter;
  auto take = [&] {
    const bool wide = parameter.find('*') == parameter.npos &&
                      (parameter.find("uint64_t") != parameter.npos || parameter.find("system_event_t") == 0);
    const bool none = parameter.empty() || parameter == "void" || parameter.find("...") != parameter.npos;
    if (wide) words = (words + 1) & ~1u;
    if (!none) words += wide ? 2 : 1;
    parameter.clear();
  };
  for (char c : inside) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      take();
    } else if (c != ' ' || !parameter.empty()) {
      parameter += c;
    }
  }
  take();
  return words;
}

}  // namespace

TEST_CASE("every function has its place and takes as many words as its signature says") {
  std::map<std::string_view, const DynalibFunction*> slots;
  for (const auto& slot : dynalib()) slots[slot.name] = &slot;
  std::set<std::string> names;
  for (const auto& function : system_function_list()) {
    CAPTURE(function.name);
    CHECK(names.insert(function.name).second);
    REQUIRE(slots.count(function.name));
    // Of what is returned as an object the first word says where.
    const bool object = slots[function.name]->signature.substr(0, 6) == "String";
    CHECK(function.words == words_of(slots[function.name]->signature) + (object ? 1 : 0));
  }
}

TEST_CASE("the tables lie where Device OS has them") {
  std::map<uint32_t, uint8_t> memory;
  for (const auto& [base, bytes] : table_segments(0xD0000000))
    for (size_t i = 0; i < bytes.size(); ++i) memory[base + static_cast<uint32_t>(i)] = bytes[i];
  auto word = [&](uint32_t at) {
    uint32_t value = 0;
    for (uint32_t i = 0; i < 4; ++i) value |= static_cast<uint32_t>(memory.at(at + i)) << 8 * i;
    return value;
  };
  std::set<uint32_t> targets;
  for (const auto& slot : dynalib()) targets.insert(word(word(slot.pointer_at) + 4 * slot.index));
  CHECK(targets.size() == dynalib().size());
  // D7 is bit 13 of port A.
  CHECK(word(kPinMap + 28 * 7) == 0x40020000);
  CHECK((word(kPinMap + 28 * 7 + 4) & 0xFFFF) == 1 << 13);
}

TEST_CASE("the heap gives blocks that are aligned, apart, and joined again when they are free") {
  Heap heap(0x20000004, 0x20002000);
  std::mt19937 random(7);
  std::map<uint32_t, uint32_t> blocks;
  for (int step = 0; step < 5000; ++step) {
    if (blocks.empty() || random() % 2) {
      const uint32_t size = random() % 300;
      const uint32_t address = heap.allocate(size);
      if (address == 0) continue;
      CHECK(address % 8 == 0);
      CHECK(address >= 0x20000008);
      CHECK(address + size <= 0x20002000);
      auto next = blocks.lower_bound(address);
      if (next != blocks.end()) CHECK(address + size <= next->first);
      if (next != blocks.begin()) CHECK(std::prev(next)->first + std::prev(next)->second <= address);
      CHECK(heap.size_of(address) >= size);
      blocks[address] = size;
    } else {
      auto some = std::next(blocks.begin(), static_cast<long>(random() % blocks.size()));
      CHECK(heap.free(some->first));
      CHECK_FALSE(heap.free(some->first));
      blocks.erase(some);
    }
  }
  for (const auto& block : blocks) CHECK(heap.free(block.first));
  CHECK(heap.used() == 0);
  CHECK(heap.largest_free() == heap.total() - 8);
  CHECK(heap.allocate(0xFFFFFFFF) == 0);
}
