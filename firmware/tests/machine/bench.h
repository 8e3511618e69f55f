// A machine with a few instructions in its flash, for tests.
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "machine/processor.h"

namespace vphoton::machine {

constexpr uint32_t kCode = 0x080A0000;
constexpr uint32_t kStack = kRamBase + kRamSize;
constexpr Traps kTraps{};

inline std::shared_ptr<const Flash> flash_of(std::initializer_list<uint16_t> code) {
  std::vector<uint8_t> bytes;
  for (const uint16_t halfword : code) {
    bytes.push_back(static_cast<uint8_t>(halfword));
    bytes.push_back(static_cast<uint8_t>(halfword >> 8));
  }
  auto flash = std::make_shared<Flash>();
  flash->add(kCode, bytes);
  return flash;
}

struct Bench {
  explicit Bench(std::initializer_list<uint16_t> code, Peripheral* gpio = nullptr)
      : memory(flash_of(code), gpio), processor(memory, kTraps) {
    processor.regs.r[13] = kStack;
    processor.regs.r[14] = kTraps.returned | 1;
    processor.regs.r[15] = kCode;
  }

  uint32_t& r(int number) { return processor.regs.r[number]; }
  uint32_t pc() const { return processor.regs.r[15]; }

  Memory memory;
  Processor processor;
};

}  // namespace vphoton::machine
