// A debugger's client: any bytes, in any pieces, while the application runs as it is told to.
#include "debug/debugger.h"

#include <memory>

#include "input.h"

using namespace vphoton;
using namespace vphoton::machine;
using vphoton::debug::Debugger;
using vphoton::fuzz::require;

namespace {

constexpr uint64_t kBudget = 100;

struct Device : debug::DebuggerHost, debug::Program {
  explicit Device(std::shared_ptr<const Flash> flash)
      : memory(std::move(flash)), running(memory, Traps{}), debugger(*this) {
    running.regs.r[13] = kRamBase + kRamSize;
    running.regs.r[14] = Traps{}.returned | 1;
    running.regs.r[15] = 0x080A0000;
    debugger.enter(*this);
  }
  void send(const std::string& bytes) override {
    std::string payload;
    answers.feed(bytes);
    for (auto item = answers.next(payload); item != debug::PacketReader::Item::Nothing; item = answers.next(payload))
      require(item != debug::PacketReader::Item::NotThisProtocol && item != debug::PacketReader::Item::BadChecksum,
              "answers are packets");
  }
  void reset_wanted() override {}
  void released() override {}
  Processor& processor() override { return running; }
  std::string activity() const override { return ""; }

  void run() {
    for (int round = 0; round < 4 && !debugger.stopped(); ++round) {
      debugger.before_run();
      if (debugger.stopped()) return;
      const Stop stop = running.run(debugger.budget(kBudget));
      if (debugger.took(stop)) continue;
      if (stop.reason == StopReason::HostCall) {
        if (running.return_from_host_call()) return;
        debugger.served();
      } else if (stop.reason == StopReason::Returned && running.calls() != 0) {
        running.finish_call();
      } else if (stop.reason != StopReason::Budget) {
        return debugger.stop(debug::Signal::Segment, "ends");
      }
    }
  }

  Memory memory;
  Processor running;
  debug::PacketReader answers;
  Debugger debugger;
};

}  // namespace

// Bytes of the client in blocks; the application has its turn after each. What begins with a colon is a payload, and
// gets its frame here, so that mutations reach what lies behind the checksum.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  auto flash = std::make_shared<Flash>();
  flash->add(0x080A0000, {0x01, 0x20, 0x02, 0x21, 0x40, 0x18, 0x10, 0x60, 0x13, 0x68, 0x70, 0x47});
  Device device(flash);
  if ((input.byte() & 1) != 0) {
    require(!device.running.call(0x080A0001, {1, 2, 3, 4}), "there is room for a call");
    require(!device.running.call(0x080A0005, {1, 2, 3, 4}), "there is room for another");
  }
  while (!input.empty()) {
    const size_t length = input.byte();
    const std::string block = input.bytes(length);
    const bool payload = !block.empty() && block[0] == ':';
    if (!device.debugger.receive(payload ? debug::packet(block.substr(1)) : block)) break;
    device.run();
    require(device.running.regs.r[13] % 4 == 0, "the stack pointer is aligned");
    require(device.running.regs.r[15] % 2 == 0, "the PC is even");
  }
  if (device.debugger.attached()) {
    Device next(flash);
    next.debugger.attach_again(device.debugger.carried());
    require(next.debugger.carried() == device.debugger.carried(), "a reset loses nothing");
  }
  device.debugger.detach();
  require(!device.debugger.stopped(), "without a client nothing is stopped");
  return 0;
}
