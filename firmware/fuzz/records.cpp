// Everything the shade keeps, over any contents of the EEPROM: bytes from anywhere, and records with a checksum that
// holds and any content.
#include <string>

#include "base/json.h"
#include "input.h"
#include "shade/crc32.h"
#include "shade_fakes.h"

using vphoton::fuzz::require;

namespace {

struct Place {
  int address;
  char tag;
  size_t payload;
};

const Place kPlaces[] = {{0, 'H', 20},   {64, 'N', 32},  {160, 'T', 32}, {248, 'Z', 20},
                         {320, 'B', 16}, {376, 'O', 16}, {432, 'G', 28}};

const shade::Identity kMeasured = {"sample", 20009, 7, false, {200, 10, 3, 60000}, shade::Measure::Counts, {1000, 200}};

struct Home {
  fakes::Clock clock;
  fakes::Driver driver{clock};
  fakes::Storage storage;
  fakes::Publisher publisher;
  fakes::Indicator indicator;
  fakes::Board board;
  fakes::Port port;
  shade::Controller controller;
  shade::Console console{port, controller, board};

  Home(const shade::Identity& identity, const fakes::Storage& stored)
      : storage(stored), controller(identity, {driver, clock, storage, publisher, indicator, board, nullptr}) {}
  void run_for(int steps, uint32_t ms) {
    for (int i = 0; i < steps; ++i) {
      clock.now += ms;
      controller.tick();
    }
    publisher.events.clear();
  }
};

void check(Home& home) {
  const shade::Controller& shade = home.controller;
  require(shade.position() >= 0 && shade.position() <= 100, "a position is one");
  require(shade.target() >= 0 && shade.target() <= 100, "a target is one");
  require(shade.travel().valid(shade.identity().measure), "a travel is one");
  home.port.out.clear();
  home.port.type("household\nstatus\ninfo\n");
  home.console.poll();
  require(home.port.out.size() == 3, "the console answers");
  for (const std::string& line : home.port.out) require(vphoton::JsonValue::parse(line).has_value(), "in JSON");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vphoton::fuzz::Input input(data, size);
  fakes::Storage storage;
  const uint8_t setting = input.byte();
  for (int writes = input.byte() % 16; writes > 0; --writes) {
    const uint8_t what = input.byte();
    if (what & 0x80) {
      const size_t address = static_cast<size_t>(what & 0x7F) * 4;
      const std::string bytes = input.bytes(input.byte());
      bytes.copy(reinterpret_cast<char*>(storage.bytes) + address,
                 std::min(bytes.size(), sizeof storage.bytes - address));
      continue;
    }
    const Place& place = kPlaces[(what & 7) % 7];
    uint8_t slot[48] = {'S', static_cast<uint8_t>(place.tag), static_cast<uint8_t>(1 + (what >> 5 & 1)), input.byte()};
    const std::string sequence = input.bytes(4), payload = input.bytes(place.payload);
    sequence.copy(reinterpret_cast<char*>(slot) + 4, 4);
    payload.copy(reinterpret_cast<char*>(slot) + 8, place.payload);
    const uint32_t crc = shade::crc32(slot, 8 + place.payload);
    for (size_t i = 0; i < 4; ++i) slot[8 + place.payload + i] = static_cast<uint8_t>(crc >> 8 * i);
    const size_t whole = place.payload + 12;
    memcpy(storage.bytes + static_cast<size_t>(place.address) + (what & 8 ? whole : 0), slot, whole);
  }
  const shade::Identity& identity = setting & 1 ? kMeasured : fakes::kIdentity;
  Home home(identity, storage);
  home.driver.senses = setting & 2;
  if (setting & 1) home.driver.seen.measured = input.byte() * 39;
  if (setting & 4) home.clock.utc_at_zero = static_cast<uint32_t>(input.byte() | input.byte() << 8) << 15 | 1;
  if (setting & 8) home.board.reason = 100;
  fakes::Observer observer;
  home.controller.begin(observer);
  check(home);
  char found[300];
  home.controller.household().schedule().write(found, sizeof found);
  home.run_for(80, setting & 4 ? 900 : 20);
  check(home);
  if (home.controller.fault() == shade::Fault::WrongBoard) {
    require(home.driver.acts.empty(), "on another's board nothing is driven");
    return 0;
  }
  // Whatever was there, what is stored from now on is there at the next start.
  home.clock.utc_at_zero = 0;
  require(home.controller.owner("none") == 0, "it can be freed");
  home.controller.move("stop");
  home.run_for(20, 50);
  for (std::string left = found; !left.empty();) {
    const size_t end = std::min(left.find(';'), left.size());
    require(home.controller.schedule(left.substr(0, end).c_str()) == 0, "a schedule that is told can be told back");
    left.erase(0, end + 1);
  }
  require(home.controller.calibrate("5000,4000") == 0, "it can be calibrated");
  require(home.controller.schedule("clear") == 0, "it forgets a schedule");
  require(home.controller.owner("none") == 0 && home.controller.owner("bob") == 0, "it can be owned");
  require(home.controller.name_site("Kitchen") && home.controller.groups("south") == 0, "it can be named");
  require(home.controller.schedule("3 12 07:30 40") == 0, "it takes a schedule");
  require(home.controller.fault() == shade::Fault::None, "it is well");
  Home next(identity, home.storage);
  next.driver.seen.measured = home.driver.seen.measured;
  next.controller.begin(observer);
  check(next);
  const shade::Household& household = next.controller.household();
  char schedule[300];
  household.schedule().write(schedule, sizeof schedule);
  require(
      next.controller.calibrated() && next.controller.travel().first == 5000 && next.controller.travel().second == 4000,
      "the calibration is kept");
  require(std::string(household.site()) == "Kitchen" && household.in_group("south"), "names are kept");
  require(std::string(household.owner()) == "bob", "the owner is kept");
  require(std::string(schedule) == "3 12 07:30 40;zone STD0", "the schedule is kept, and nobody else's");
  return 0;
}
