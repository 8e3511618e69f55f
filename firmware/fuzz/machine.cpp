// The machine: any code, any registers, any memory. It stays within its budget, and within its memory (the sanitizers).
#include "machine/processor.h"

#include <cstring>
#include <iterator>
#include <memory>

#include "input.h"

using namespace vphoton::machine;
using vphoton::fuzz::Input;
using vphoton::fuzz::require;

namespace {

constexpr uint64_t kBudget = 200;

// Aligned accesses of one, two or four bytes, inside the ports.
struct Ports : Peripheral {
  uint32_t read(uint32_t address, uint32_t size) override {
    check(address, size);
    return last_;
  }
  void write(uint32_t address, uint32_t size, uint32_t value) override {
    check(address, size);
    last_ = value;
  }

 private:
  static void check(uint32_t address, uint32_t size) {
    require(size == 1 || size == 2 || size == 4, "a port is accessed by bytes, halfwords or words");
    require(address % size == 0, "a port is accessed aligned");
    require(address - kGpioBase <= kGpioSize - size || address - kCycleCounter <= 4 - size,
            "only ports and the cycle counter are accessed");
  }
  uint32_t last_ = 0;
};

uint32_t word(Input& input) {
  const std::string bytes = input.bytes(4);
  uint32_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

// Addresses at the edges of every region are as likely as others.
uint32_t value(Input& input) {
  constexpr uint32_t kEdges[] = {0x080A0000,
                                 kRamBase,
                                 kRamBase + kRamSize,
                                 kBackupBase,
                                 kBackupBase + kBackupSize,
                                 kGpioBase,
                                 kGpioBase + kGpioSize,
                                 kCycleCounter,
                                 0xD0000001,
                                 0xFFFFFFF9,
                                 0};
  const uint8_t kind = input.byte();
  if (kind < std::size(kEdges)) return kEdges[kind] + static_cast<uint32_t>(static_cast<int8_t>(input.byte()));
  if (kind < 100) return input.byte();
  return word(input);
}

}  // namespace

// What happens between runs, registers, watched or not, then code; its second half lies in RAM, too.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  const uint8_t events = input.byte();
  Registers regs;
  for (auto& number : regs.r) number = value(input);
  regs.r[13] &= ~3u;
  regs.r[15] = 0x080A0000;
  regs.set_xpsr(word(input) | 1u << 24);
  const std::string code = input.rest();

  auto flash = std::make_shared<Flash>();
  flash->add(0x080A0000, {code.begin(), code.end()});
  Ports ports;
  Memory memory(flash, &ports);
  Processor processor(memory, Traps{});
  processor.regs = regs;
  processor.divide_by_zero_traps = (events & 1) != 0;
  if ((events & 2) != 0) memory.set_watchpoints({{kRamBase, kRamSize, true, true}});
  if ((events & 4) != 0) processor.set_breakpoints({0x080A0004});
  const std::string in_ram = code.substr(code.size() / 2);
  if (uint8_t* ram = memory.writable(kRamBase, static_cast<uint32_t>(in_ram.size())))
    std::memcpy(ram, in_ram.data(), in_ram.size());

  for (int round = 0; round < 8; ++round) {
    const uint64_t before = processor.executed();
    const Stop stop = processor.run(kBudget);
    require(processor.executed() - before <= kBudget, "a run keeps its budget");
    require(processor.regs.r[13] % 4 == 0, "the stack pointer is aligned");
    require(processor.regs.r[15] % 2 == 0, "the PC is even");
    if (stop.reason == StopReason::Fault) {
      require(bool(stop.fault), "a fault has a kind");
      if (processor.interrupt(3, 0x080A0001)) break;
    } else if (stop.reason == StopReason::Returned && processor.calls() != 0) {
      processor.finish_call();
    } else if (stop.reason == StopReason::HostCall) {
      if ((events & 8) != 0 && processor.calls() < 3) {
        if (processor.call(0x080A0001, {1, 2, 3, 4, 5, 6})) break;
      } else if (processor.return_from_host_call()) {
        break;
      }
    } else if (stop.reason == StopReason::BreakpointInstruction) {
      processor.regs.r[15] += 2;
    }
  }
  return 0;
}
