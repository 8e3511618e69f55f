// A hostile image on a whole device: any prefix, any table of its functions, any code, and calls of every function of
// the system with any arguments, pointers and callbacks. It ends in a panic at worst, and reaches nothing outside the
// application's memory (the sanitizers).
#include "system/application.h"

#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/monotonic.h"
#include "base/reactor.h"
#include "board/access_point.h"
#include "debug/debug_port.h"
#include "device/photon.h"
#include "input.h"
#include "system/dynalib.h"
#include "system/schedule.h"
#include "test_housing.h"

using namespace vphoton;
using vphoton::fuzz::Input;
using vphoton::fuzz::require;

namespace {

constexpr uint32_t kHostCalls = 0xD0000000;
constexpr uint32_t kFirstHandle = 0x7E000004;  // of a timer, a mutex and the like
constexpr uint32_t kFirstThread = 0x7D000000;
constexpr int kMostWaits = 50;
// Instructions until the system has its turn, and of one input. More than the RAM has halfwords, so that code that runs
// through all of it ends by its own fault.
constexpr uint64_t kSlice = 2000;
constexpr uint64_t kMostInstructions = 60000;
constexpr uint64_t kInstructionsPerUs = 100;
constexpr int kMostCalls = 32;
constexpr uint32_t kJoinMs = 50;    // more than joining a network takes
constexpr uint32_t kBlock = 0x200;  // of the heap, for the calls; 256 addresses of it are passed
constexpr size_t kCodeAt = 0x40;    // in the image; before it prefix and table

struct Enough {};

uint64_t clock_us = 0;

// Time passes when the device waits, and only then.
class FastTurns : public Turns {
 public:
  bool wait(const std::vector<pollfd>&, int ms) override {
    if (++waits_ > kMostWaits || ms < 0) throw Enough();
    clock_us += static_cast<uint64_t>(ms) * 1000;
    return true;
  }
  void forget(int) override {}

 private:
  int waits_ = 0;
};

// The system has its turns often, threads change with each, and what never ends is ended.
class ShortSlices : public system::Schedule {
 public:
  explicit ShortSlices(Device& device) : device_(device) {}
  void begins(system::Application&) override {}
  void ended() override {}
  uint64_t slice() override { return kSlice; }
  void ran(uint64_t instructions) override {
    instructions_ += instructions;
    if (instructions_ > kMostInstructions) throw Enough();
    clock_us += 1 + instructions / kInstructionsPerUs;
  }
  void turn() override { device_.interlude(); }
  bool ticks() override { return true; }
  void rests(uint32_t ms) override { device_.rest(ms); }
  void calls(const char*) override {}

 private:
  Device& device_;
  uint64_t instructions_ = 0;
};

// A network that brings nobody into the reach of a hostile image's sockets: one of this process's own, with loopback.
// Where the host gives none, the device has no Wi-Fi, and sockets are refused.
bool own_network() {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
  const int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  const bool up = any >= 0 && ioctl(any, SIOCSIFFLAGS, &loopback) == 0;
  if (any >= 0) close(any);
  return up;
}

const bool alone = own_network();  // before main(): only a process with one thread may ask for it

// The device's folder: one for all inputs, removed at the end.
class StateFolder {
 public:
  StateFolder() { require(mkdtemp(path_.data()) != nullptr, "a folder for the device"); }
  ~StateFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = std::filesystem::temp_directory_path() / "vphoton-fuzz-XXXXXX";
};

const std::string& state_folder() {
  static const StateFolder folder;
  return folder.path();
}

uint32_t word(Input& input) {
  const std::string bytes = input.bytes(4);
  uint32_t value = 0;
  std::memcpy(&value, bytes.data(), bytes.size());
  return value;
}

// What earlier calls gave: results, and what they wrote into a block of the heap.
struct Given {
  system::Application* application = nullptr;
  uint32_t block = 0;
  uint32_t result = 0;
};

// Addresses at the edges of every region and within, small numbers, handles, what functions gave, and code of the input
// are as likely as others.
uint32_t value(Input& input, const Given& given) {
  constexpr uint32_t kPlaces[] = {machine::kRamBase,
                                  machine::kRamBase + 0x1000,
                                  machine::kRamBase + machine::kRamSize,
                                  machine::kRamBase + machine::kRamSize - 6 * 1024,
                                  machine::kBackupBase,
                                  machine::kBackupBase + machine::kBackupSize,
                                  machine::kGpioBase,
                                  kUserPartAddress,
                                  kUserPartAddress + kCodeAt + 1,
                                  kUserPartAddress + 0x20000,
                                  0x08020000,
                                  0x08060000,
                                  kHostCalls + 1,
                                  0xFFFFFFF8,
                                  0x7FFFFFFF,
                                  0};
  const uint8_t kind = input.byte();
  if (kind < std::size(kPlaces)) return kPlaces[kind] + static_cast<uint32_t>(static_cast<int8_t>(input.byte()));
  if (kind < 40) return given.block + input.byte();
  if (kind < 60) return (kHostCalls + 4 * input.byte()) | 1;  // a callback that is the system's own function
  if (kind < 140) return input.byte();
  if (kind < 200) return machine::kRamBase + 0x1000 + (input.byte() << 4 | (kind & 15));
  if (kind < 206) return kFirstHandle + 4 * (input.byte() & 7);
  if (kind < 212) return kFirstThread + 4 * (input.byte() & 3);
  if (kind < 218) return given.result;
  if (kind < 232 && given.block) {
    uint32_t kept = 0;
    std::memcpy(&kept, given.application->bytes(given.block + (input.byte() & 0xFC), sizeof kept), sizeof kept);
    return kept;
  }
  return word(input);
}

ModuleImage image_of(Input& input) {
  ModuleImage image;
  std::string bytes(kCodeAt, '\0');
  auto put = [&](size_t at, uint32_t number) { std::memcpy(&bytes[at], &number, sizeof number); };
  const uint8_t how = input.byte();
  // Where the table is said to be, and its four functions: behind it a function that returns at once, or anything.
  put(kModulePrefixSize, how & 1 ? value(input, {}) : kUserPartAddress + 0x20);
  const uint32_t returns = kUserPartAddress + kCodeAt + 1;
  for (size_t i = 0; i < 4; ++i) put(0x20 + 4 * i, how & 2 ? value(input, {}) : returns);
  // pre_init returns where the heap begins; unless it is something else it is LDR r0, [pc]; BX lr; and that address.
  const uint32_t code[] = {how & 4 ? word(input) : 0x47704800u,
                           how & 8 ? value(input, {}) : machine::kRamBase + 0x2000};
  bytes.append(reinterpret_cast<const char*>(code), sizeof code);
  image.bytes = bytes + input.block().substr(0, 1024);
  return image;
}

void attack(Photon& photon, Input& input) {
  std::string reason;
  Reactor reactor;
  debug::DebugPort no_debugger(reactor, {});
  ShortSlices slices(photon);
  const auto part = system::Application::load(photon, image_of(input), no_debugger, &reason, {&slices, nullptr});
  require(part || !reason.empty(), "what is not loaded has a reason");
  if (!part) return;
  auto& application = static_cast<system::Application&>(*part);
  const std::string in_ram = input.block();
  if (uint8_t* ram =
          application.processor().memory().writable(machine::kRamBase + 0x1000, static_cast<uint32_t>(in_ram.size())))
    std::memcpy(ram, in_ram.data(), in_ram.size());
  Given given{&application, application.heap().allocate(kBlock), 0};
  const auto functions = static_cast<uint32_t>(system::dynalib().size());
  try {
    for (int calls = 0; calls < kMostCalls && !input.empty(); ++calls) {
      const uint32_t number = (input.byte() | input.byte() << 8) % (functions + 4);
      uint32_t arguments[8];
      for (uint32_t& argument : arguments) argument = value(input, given);
      given.result =
          application.call((kHostCalls + 4 * number) | 1, {arguments[0], arguments[1], arguments[2], arguments[3],
                                                           arguments[4], arguments[5], arguments[6], arguments[7]});
      clock_us += 1000;
      application.run_threads();
      if (number % 4 == 0) photon.delay(1);
    }
    for (const auto& each : std::vector<Variable>(photon.surface().variables)) each.read();
    for (const auto& each : std::vector<Function>(photon.surface().functions)) each.call("argument");
    for (const auto& each : std::vector<Subscription>(photon.surface().subscriptions)) each.handler("name", "data");
    if (photon.surface().page) photon.surface().page("/page", "body");
    application.setup();
    application.loop();
    photon.delay(100);
  } catch (const Enough&) {
  } catch (const test::TestHousing::Restarted&) {
  }
  require(application.processor().regs.r[15] % 2 == 0, "the PC is even");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool prepared = [] {
    log_nothing();
    set_monotonic_source(&clock_us);
    return true;
  }();
  require(prepared, "a clock of its own");
  Input input(data, size);
  FastTurns turns;
  test::TestHousing housing(&turns);
  Options options;
  options.state = state_folder();
  if (alone) {
    const AccessPoint point = default_air().front();
    options.wifi = WifiNetwork{point.ssid, point.password, point.security};
  }
  Photon photon(std::move(options), std::nullopt, housing);
  try {
    require(photon.boot().empty(), "the device boots");
    photon.delay(kJoinMs);
    require(photon.wifi_ready() == alone, "the device is in its network");
    attack(photon, input);
  } catch (const Enough&) {
  } catch (const test::TestHousing::Restarted&) {
  }
  return 0;
}
