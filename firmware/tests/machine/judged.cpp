// A machine driven through standard input and output, so that tests can hold it against another one, step by step.
//
// Each command is one letter and its operands; numbers are little-endian. Only T and M answer.
//
//     F base:u32 size:u32 bytes   adds a segment of flash
//     L                           from now on the flash is what was added since the last L
//     W address:u32 size:u32 bytes  writes to RAM
//     S registers                 sets them
//     T count:u32 budget:u32      runs up to `count` times with the budget, until anything else stops the machine;
//                                 answers steps:u32, for each r0 ... r15 and xPSR, then the stop:
//                                 reason:u8 fault:u8 address:u32 executed:u32, and the registers
//     M address:u32 size:u32      answers the bytes
//
// Registers: r0 ... r15, xPSR, PRIMASK, BASEPRI, FAULTMASK, CONTROL, MSP, PSP, each u32.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "machine/processor.h"

using namespace vphoton::machine;

namespace {

constexpr uint32_t kMostBytes = 1 << 20;

bool take(void* to, size_t size) { return fread(to, 1, size, stdin) == size; }

uint32_t word() {
  uint32_t value = 0;
  if (!take(&value, sizeof value)) exit(2);
  return value;
}

std::vector<uint8_t> block() {
  const uint32_t size = word();
  if (size > kMostBytes) exit(2);
  std::vector<uint8_t> bytes(size);
  if (!take(bytes.data(), size)) exit(2);
  return bytes;
}

template <typename T>
void answer(const T& value) {
  fwrite(&value, sizeof value, 1, stdout);
}

class Judged {
 public:
  void flash() {
    const uint32_t base = word();
    building_->add(base, block());
  }

  void load() {
    memory_.set_flash(building_);
    building_ = std::make_shared<Flash>();
  }

  void write() {
    const uint32_t address = word();
    const auto bytes = block();
    uint8_t* to = memory_.writable(address, static_cast<uint32_t>(bytes.size()));
    if (to == nullptr) exit(2);
    std::copy(bytes.begin(), bytes.end(), to);
  }

  void read() {
    const uint32_t address = word();
    const uint32_t size = word();
    const uint8_t* from = memory_.bytes(address, size);
    if (from == nullptr) exit(2);
    fwrite(from, 1, size, stdout);
  }

  void set_registers() {
    Registers regs;
    for (auto& value : regs.r) value = word();
    regs.set_xpsr(word());
    regs.primask = static_cast<uint8_t>(word());
    regs.basepri = static_cast<uint8_t>(word());
    regs.faultmask = static_cast<uint8_t>(word());
    regs.control = static_cast<uint8_t>(word());
    const uint32_t main = word();
    const uint32_t process = word();
    regs.other_sp = regs.process_stack() ? main : process;
    processor_.regs = regs;
  }

  void run() {
    const uint32_t count = word();
    const uint32_t budget = word();
    const uint64_t before = processor_.executed();
    std::vector<uint32_t> steps;
    Stop stop;
    uint32_t done = 0;
    while (done < count) {
      stop = processor_.run(budget);
      ++done;
      for (const uint32_t value : processor_.regs.r) steps.push_back(value);
      steps.push_back(processor_.regs.xpsr());
      if (stop.reason != StopReason::Budget) break;
    }
    answer(done);
    fwrite(steps.data(), sizeof steps[0], steps.size(), stdout);
    answer(stop.reason);
    answer(stop.fault.kind);
    answer(stop.fault ? stop.fault.address : stop.address);
    answer(static_cast<uint32_t>(processor_.executed() - before));
    const Registers& regs = processor_.regs;
    for (const uint32_t value : regs.r) answer(value);
    for (const uint32_t value :
         {regs.xpsr(), uint32_t{regs.primask}, uint32_t{regs.basepri}, uint32_t{regs.faultmask}, uint32_t{regs.control},
          processor_.stack_pointer(false), processor_.stack_pointer(true)})
      answer(value);
  }

 private:
  std::shared_ptr<Flash> building_ = std::make_shared<Flash>();
  Memory memory_{std::make_shared<Flash>()};
  Processor processor_{memory_, Traps{}};
};

}  // namespace

int main() {
  Judged judged;
  for (int command = getchar(); command != EOF; command = getchar()) {
    switch (command) {
      case 'F':
        judged.flash();
        break;
      case 'L':
        judged.load();
        break;
      case 'W':
        judged.write();
        break;
      case 'S':
        judged.set_registers();
        break;
      case 'T':
        judged.run();
        break;
      case 'M':
        judged.read();
        break;
      default:
        return 2;
    }
    fflush(stdout);
  }
  return 0;
}
