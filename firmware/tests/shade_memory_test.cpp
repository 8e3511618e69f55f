// No dynamic allocation after start, shown by counting every one of the test program.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "shade/setup_page.h"
#include "shade_fakes.h"

namespace {
unsigned long allocations = 0;

// A port without containers, so that what is counted is the shade's own.
struct BarePort : shade::LinePort {
  const char* at = "";
  unsigned lines = 0;
  int read() override { return *at ? *at++ : -1; }
  void write_line(const char*) override { ++lines; }
};

struct BareDriver : shade::Driver {
  bool begin() override { return true; }
  bool run(const shade::Leg&) override { return true; }
  bool stop() override { return true; }
  bool at_end() override { return true; }
  void tick(uint32_t) override {}
  uint32_t due_in(uint32_t) override { return kNothingDue; }
};

struct BarePublisher : shade::Publisher {
  unsigned events = 0;
  shade::WaitingEvent memory[shade::EventQueue::kCapacity] = {};
  shade::WaitingEvent* places() override { return memory; }
  bool ready() override { return true; }
  bool publish(const char*, const char*) override { return ++events % 3 != 0; }
};

}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

TEST_CASE("nothing is allocated after start") {
  fakes::Clock clock;
  BareDriver driver, tilt;
  fakes::Storage storage;
  BarePublisher publisher;
  fakes::Indicator indicator;
  fakes::Board board;
  BarePort port;
  shade::Controller controller(fakes::kIdentity, {driver, clock, storage, publisher, indicator, board, &tilt});
  shade::Console console(port, controller, board);
  controller.begin(console);

  unsigned long before = allocations;
  char health[240];
  char page[shade::SetupPage::kMaxPage];
  for (int i = 0; i < 2000; ++i) {
    port.at =
        i % 2 ? "move 40\nping 12\nstatus\ninfo\nhelp\nnonsense\nidentify 3\n" : "move close\ncalibrate 900,800\n";
    for (int loop = 0; loop < 50; ++loop) {
      clock.now += 20;
      console.poll();
      controller.tick();
    }
    controller.move("stop");
    controller.calibrate("1000,1000");
    controller.tilt(i % 2 ? "open" : "30");
    controller.watch();
    shade::SetupPage::take(i % 2 ? "site=a+b" : "site=c", controller);
    shade::SetupPage::render(controller, board, shade::SetupPage::Outcome::Stored, page, sizeof page);
    controller.write_health(health, sizeof health);
  }
  unsigned long after = allocations;
  CHECK(after == before);
  CHECK(port.lines > 10000);
  CHECK(publisher.events > 1000);
  CHECK(storage.writes > 1000);

  std::string grown(port.lines, 'x');  // the counter counts
  CHECK(grown.size() == port.lines);
  CHECK(allocations == after + 1);
}
