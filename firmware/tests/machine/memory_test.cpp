// The door of memory: the first and the last byte of each region, and what lies beyond.
#include "machine/memory.h"

#include <doctest/doctest.h>

#include <vector>

#include "bench.h"

using namespace vphoton::machine;

namespace {

template <typename F>
Fault fault_of(F access) {
  try {
    access();
  } catch (const Fault& fault) {
    return fault;
  }
  return {};
}

template <typename T>
FaultKind reading(Memory& memory, uint32_t address) {
  const Fault fault = fault_of([&] { memory.read<T>(address); });
  if (fault) CHECK(fault.address == address);
  return fault.kind;
}

template <typename T>
FaultKind writing(Memory& memory, uint32_t address) {
  const Fault fault = fault_of([&] { memory.write<T>(address, 0x5A); });
  if (fault) CHECK(fault.address == address);
  return fault.kind;
}

struct Ports : Peripheral {
  struct Access {
    uint32_t address, size, value;
  };
  uint32_t read(uint32_t address, uint32_t size) override {
    reads.push_back({address, size, 0});
    return 0x12345678;
  }
  void write(uint32_t address, uint32_t size, uint32_t value) override { writes.push_back({address, size, value}); }
  std::vector<Access> reads, writes;
};

void check_edges(Memory& memory, uint32_t base, uint32_t size) {
  CHECK(reading<uint8_t>(memory, base) == FaultKind::None);
  CHECK(reading<uint8_t>(memory, base + size - 1) == FaultKind::None);
  CHECK(reading<uint16_t>(memory, base + size - 2) == FaultKind::None);
  CHECK(reading<uint32_t>(memory, base + size - 4) == FaultKind::None);
  CHECK(reading<uint8_t>(memory, base - 1) == FaultKind::DataBus);
  CHECK(reading<uint8_t>(memory, base + size) == FaultKind::DataBus);
  for (uint32_t beyond = 1; beyond < 4; ++beyond) {
    CHECK(reading<uint32_t>(memory, base + size - 4 + beyond) == FaultKind::DataBus);
    CHECK(reading<uint32_t>(memory, base - beyond) == FaultKind::DataBus);
  }
  CHECK(reading<uint16_t>(memory, base + size - 1) == FaultKind::DataBus);
  CHECK(reading<uint16_t>(memory, base - 1) == FaultKind::DataBus);
}

void check_written_edges(Memory& memory, uint32_t base, uint32_t size) {
  CHECK(writing<uint8_t>(memory, base) == FaultKind::None);
  CHECK(writing<uint8_t>(memory, base + size - 1) == FaultKind::None);
  CHECK(writing<uint32_t>(memory, base + size - 4) == FaultKind::None);
  CHECK(writing<uint8_t>(memory, base - 1) == FaultKind::DataBus);
  CHECK(writing<uint8_t>(memory, base + size) == FaultKind::DataBus);
  CHECK(writing<uint16_t>(memory, base + size - 1) == FaultKind::DataBus);
  CHECK(writing<uint32_t>(memory, base + size - 3) == FaultKind::DataBus);
  CHECK(writing<uint32_t>(memory, base - 1) == FaultKind::DataBus);
}

}  // namespace

TEST_CASE("machine memory: each region ends where it ends") {
  Memory memory(flash_of({1, 2, 3, 4}));
  check_edges(memory, kCode, 8);
  check_edges(memory, kRamBase, kRamSize);
  check_edges(memory, kBackupBase, kBackupSize);
  check_written_edges(memory, kRamBase, kRamSize);
  check_written_edges(memory, kBackupBase, kBackupSize);
  CHECK(writing<uint8_t>(memory, kCode) == FaultKind::DataBus);
  CHECK(memory.read<uint32_t>(kCode + 1) == 0x03000200);
}

TEST_CASE("machine memory: with a watchpoint the regions are the same") {
  Memory memory(flash_of({1, 2, 3, 4}));
  memory.set_watchpoints({{kBackupBase, 4, true, true}});
  check_edges(memory, kCode, 8);
  check_edges(memory, kRamBase, kRamSize);
  check_written_edges(memory, kRamBase, kRamSize);
}

TEST_CASE("machine memory: nothing wraps round at the end of the address space") {
  Memory memory(flash_of({1, 2, 3, 4}));
  for (uint32_t address = 0xFFFFFFF8; address != 8; ++address) {
    CHECK(reading<uint8_t>(memory, address) == FaultKind::DataBus);
    CHECK(reading<uint16_t>(memory, address) == FaultKind::DataBus);
    CHECK(reading<uint32_t>(memory, address) == FaultKind::DataBus);
    CHECK(writing<uint32_t>(memory, address) == FaultKind::DataBus);
  }
  CHECK(memory.bytes(0xFFFFFFFF, 2) == nullptr);
  CHECK(memory.bytes(kRamBase, 0xFFFFFFFF) == nullptr);
  CHECK(memory.bytes(kRamBase + 1, 0xFFFFFFFF) == nullptr);
  CHECK(memory.writable(kBackupBase + kBackupSize, 1) == nullptr);
  CHECK(memory.writable(kCode, 1) == nullptr);

  auto top = std::make_shared<Flash>();
  top->add(0xFFFFFFFC, {1, 2, 3, 4});
  memory.set_flash(top);
  CHECK(memory.read<uint32_t>(0xFFFFFFFC) == 0x04030201);
  CHECK(reading<uint32_t>(memory, 0xFFFFFFFD) == FaultKind::DataBus);
  CHECK(reading<uint32_t>(memory, 0) == FaultKind::DataBus);
}

TEST_CASE("machine memory: ports take aligned accesses, through the device alone") {
  Ports ports;
  Memory memory(flash_of({}), &ports);
  CHECK(memory.read<uint32_t>(kGpioBase + 0x410) == 0x12345678);
  CHECK(memory.read<uint16_t>(kGpioBase + 0x12) == 0x5678);
  memory.write<uint16_t>(kGpioBase + kGpioSize - 2, 0xABCD);
  REQUIRE(ports.reads.size() == 2);
  CHECK(ports.reads[0].address == kGpioBase + 0x410);
  CHECK(ports.reads[1].size == 2);
  REQUIRE(ports.writes.size() == 1);
  CHECK(ports.writes[0].value == 0xABCD);
  CHECK(reading<uint32_t>(memory, kGpioBase + 2) == FaultKind::Unaligned);
  CHECK(writing<uint16_t>(memory, kGpioBase + 1) == FaultKind::Unaligned);
  CHECK(reading<uint8_t>(memory, kGpioBase - 1) == FaultKind::DataBus);
  CHECK(reading<uint8_t>(memory, kGpioBase + kGpioSize) == FaultKind::DataBus);
  CHECK(reading<uint32_t>(memory, kGpioBase + kGpioSize - 2) == FaultKind::DataBus);
  CHECK(ports.reads.size() == 2);
  Memory without(flash_of({}));
  CHECK(reading<uint32_t>(without, kGpioBase) == FaultKind::DataBus);
}

TEST_CASE("machine memory: an instruction must lie in a region that is executed") {
  Memory memory(flash_of({0x1C40, 0xF000}));
  CHECK(fault_of([&] { memory.fetch(kCode); }).kind == FaultKind::None);
  const Fault cut = fault_of([&] { memory.fetch(kCode + 2); });
  CHECK(cut.kind == FaultKind::InstructionBus);
  CHECK(cut.address == kCode + 4);
  CHECK(fault_of([&] { memory.fetch(kRamBase + kRamSize); }).kind == FaultKind::InstructionBus);
  CHECK(fault_of([&] { memory.fetch(0); }).kind == FaultKind::InstructionBus);
  CHECK(fault_of([&] { memory.fetch(kBackupBase); }).kind == FaultKind::InstructionAccess);
  CHECK(fault_of([&] { memory.fetch(0xFFFFFFFE); }).kind == FaultKind::InstructionAccess);
}

TEST_CASE("machine memory: a power cut clears RAM and backup RAM") {
  Memory memory(flash_of({}));
  memory.write<uint32_t>(kRamBase, 1);
  memory.write<uint32_t>(kBackupBase, 1);
  memory.clear();
  CHECK(memory.read<uint32_t>(kRamBase) == 0);
  CHECK(memory.read<uint32_t>(kBackupBase) == 0);
}
