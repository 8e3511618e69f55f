// The household's, the schedule's and the queue's limits, from docs/surface.md and shade/README.md.
#include <doctest/doctest.h>

#include "safety_rig.h"
#include "shade/identifier.h"
#include "shade/schedule.h"
#include "shade/surface.h"
#include "shade/time_zone.h"
#include "shade/wall_keys.h"

using namespace safety;

namespace {

std::string hex(const uint8_t* at, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) {
    char digits[3];
    snprintf(digits, sizeof digits, "%02x", at[i]);
    text += digits;
  }
  return text;
}

bool is_record(const fakes::Storage& storage, int address, char tag) {
  return storage.bytes[address] == 'S' && storage.bytes[address + 1] == tag;
}

std::string schedule_of(const shade::Schedule& schedule) {
  char text[300];
  schedule.write(text, sizeof text);
  return text;
}

std::string zone_of(const char* rule) {
  shade::TimeZone zone;
  REQUIRE(zone.parse(rule));
  char text[64];
  zone.write(text, sizeof text);
  return text;
}

uint32_t minute(int32_t day, int minutes) { return static_cast<uint32_t>(day * 1440 + minutes) * 60; }

}  // namespace

TEST_CASE("rules: each record lies where the README says, two slots in turn") {
  Rig rig;
  rig.start();
  for (int round = 0; round < 2; ++round) {
    REQUIRE(rig.controller.calibrate("4000,2000") == 0);
    REQUIRE(rig.controller.name_site("Hall"));
    REQUIRE(rig.controller.schedule("1 1 07:30 40") == 0);
    REQUIRE(rig.controller.schedule("zone CET-1") == 0);
    REQUIRE(rig.controller.owner("alice") == 0);
    REQUIRE(rig.controller.groups("south") == 0);
    REQUIRE(rig.controller.tie_board("sample") == 0);
    for (auto [address, size, tag] : {std::tuple{0, 32, 'H'},
                                      {64, 44, 'N'},
                                      {160, 44, 'T'},
                                      {248, 32, 'Z'},
                                      {320, 28, 'B'},
                                      {376, 28, 'O'},
                                      {432, 40, 'G'}}) {
      CAPTURE(tag);
      CHECK(is_record(rig.storage, address, tag));
      CHECK(rig.storage.bytes[address + 2] == (tag == 'H' ? 2 : 1));  // the version
      if (round == 1) CHECK(is_record(rig.storage, address + size, tag));
    }
  }
  for (int gap : {152, 312}) CHECK(rig.storage.bytes[gap] == 0xFF);
}

TEST_CASE("rules: records are byte for byte those that Python's struct and zlib make") {
  fakes::Storage storage;
  shade::Settings settings = {{4660, true, true, 300}, {8721, true, false, 77}, true,
                              shade::Measure::Counts,  {12345, 23456},          0x030201};
  REQUIRE(shade::SettingsStore(storage).save(settings));
  CHECK(hex(storage.bytes, 32) == "53480217010000003412112239300000a05b0000012c014d00010203b74a10b8");
  Rig rig;
  rig.start();
  REQUIRE(rig.controller.name_site("Hall"));
  CHECK(hex(rig.storage.bytes + 64, 44) ==
        "534e01000100000048616c6c00000000000000000000000000000000000000000000000000000000afaa7a18");
  shade::Settings read = {};
  REQUIRE(shade::SettingsStore(storage).load(read) == shade::SettingsStore::Found::Valid);
  CHECK(read.run_s == 0x030201);
  CHECK(read.tilt.position == 8721);
  CHECK(read.tilt.heat == 77);
  CHECK(read.lift.heat == 300);
}

TEST_CASE("rules: settings out of range are damage") {
  auto loads = [](const shade::Settings& settings) {
    fakes::Storage storage;
    REQUIRE(shade::SettingsStore(storage).save(settings));
    shade::Settings read = {};
    return shade::SettingsStore(storage).load(read) == shade::SettingsStore::Found::Valid;
  };
  const shade::Settings good = {{10000, true, false, 0}, {10000, true, false, 0}, true,
                                shade::Measure::Time,    {500, 300000},           0};
  CHECK(loads(good));
  for (int which = 0; which < 8; ++which) {
    CAPTURE(which);
    shade::Settings bad = good;
    if (which == 0) bad.lift.position = 10001;
    if (which == 1) bad.tilt.position = 10001;
    if (which == 2) bad.measure = static_cast<shade::Measure>(3);
    if (which == 3) bad.travel.first = 499;
    if (which == 4) bad.travel.second = 300001;
    if (which == 5) bad.travel = {300001, 500};
    if (which == 6) bad.travel = {500, 499};
    if (which == 7) bad.measure = shade::Measure::Counts, bad.travel = {99, 100};
    CHECK_FALSE(loads(bad));
  }
  shade::Settings counts = good;
  counts.measure = shade::Measure::Counts;
  counts.travel = {100, 100};
  CHECK(loads(counts));
  counts.measure = shade::Measure::Motor;
  CHECK_FALSE(loads(counts));
  counts.travel = {500, 500};
  CHECK(loads(counts));
}

TEST_CASE("rules: calibration takes 500 to 300000 ms, or 100 to 300000 counts") {
  Rig timed;
  timed.start();
  for (const char* good : {"500,500", "300000,300000"}) CHECK(timed.controller.calibrate(good) == 0);
  for (const char* bad : {"500,499", "499,500", "300001,500", "500,300001", "100,100"})
    CHECK(timed.controller.calibrate(bad) == -1);
  Rig counted(kMeasured);
  counted.start();
  for (const char* good : {"100,100", "300000,300000"}) CHECK(counted.controller.calibrate(good) == 0);
  for (const char* bad : {"99,100", "100,99"}) CHECK(counted.controller.calibrate(bad) == -1);
}

TEST_CASE("rules: names have letters, digits, - and _, up to their length, and a site no control character") {
  Rig rig;
  rig.start();
  for (const char* good : {"azAZ09-_", "123456789012345", "a"}) {
    CAPTURE(good);
    CHECK(rig.controller.owner(good) == 0);
    CHECK(rig.controller.groups(good) == 0);
    CHECK(rig.controller.household().in_group(good));
  }
  for (char bad : {'@', '[', '`', '{', '/', ':', ' ', '.', ','}) {
    CAPTURE(bad);
    const char name[] = {'a', bad, '\0'};
    CHECK(rig.controller.owner(name) == -1);
    CHECK(rig.controller.groups(name) == -1);
  }
  CHECK(rig.controller.owner("1234567890123456") == -1);
  CHECK(rig.controller.groups("abc,1234567890123456789,xyz") == 0);
  for (const char* member : {"abc", "1234567890123456789", "xyz"}) CHECK(rig.controller.household().in_group(member));
  for (const char* other : {"ab", "abcd", "", "xy", "123456789012345678", "abc,"})
    CHECK_FALSE(rig.controller.household().in_group(other));
  CHECK(rig.controller.groups("abc,1234567890123456789,xyzz") == -1);
  CHECK(rig.controller.name_site("a\x20z"));
  for (const char* bad : {"a\x1Fz", "\x1Fz", "\n", "az\x1F"}) CHECK_FALSE(rig.controller.name_site(bad));
  CHECK(rig.controller.name_site(std::string(31, 'x').c_str()));
  CHECK_FALSE(rig.controller.name_site(std::string(32, 'x').c_str()));
  rig.storage.refuses = true;
  CHECK(rig.controller.groups("abc") == -4);
  CHECK(rig.controller.owner("123456789012345") == -4);
  CHECK(rig.controller.owner("a") == -4);
}

TEST_CASE("rules: the schedule's limits") {
  fakes::Storage storage;
  shade::Schedule schedule(storage);
  for (const char* good : {"1 1 00:00 0", "8 7 23:59 100", "2 1234567 sunrise+180 1", "3 2 sunrise-180 9",
                           "4 3 sunset+0 10", "5 4 sunset 99", "place 90 180", "place -90.00 -180.00", "zone CET-14"}) {
    CAPTURE(good);
    CHECK(schedule.command(good) == 0);
  }
  CHECK(schedule_of(schedule) ==
        "1 1 00:00 0;2 1234567 sunrise+180 1;3 2 sunrise-180 9;4 3 sunset+0 10;5 4 sunset+0 99;8 7 23:59 100;"
        "zone STD-14;place -90.00 -180.00");
  CHECK(schedule.command("place 9.09 -0.9") == 0);
  CHECK(schedule_of(schedule).find(";place 9.09 -0.90") != std::string::npos);
  CHECK(schedule.command("place 0 0") == 0);
  CHECK(schedule_of(schedule).find(";place 0.00 0.00") != std::string::npos);
  CHECK(schedule.command("place 59.99 109.1") == 0);
  CHECK(schedule_of(schedule).find(";place 59.99 109.10") != std::string::npos);
  for (const char* bad :
       {"place -90.01 0", "place . 0", "place - 0", "place 1 1 ", "place 1. x", "place 999999999999 0", "place 0 181",
        "1 1 sunset+181 0", "1 1 sunset- 0", "1 1 sunset+ 0", "1 1 sunset+1", "1 9 00:00 0", "1 0 00:00 0",
        "10 1 00:00 0", "zone CET-14:60", "clear ", "2 off "}) {
    CAPTURE(bad);
    CHECK(schedule.command(bad) == -1);
  }
}

TEST_CASE("rules: a quarter of an hour is made up for, a minute more is not") {
  // 2026-11-30, a Monday: 20787 days after 1970.
  for (int passed : {15, 16}) {
    fakes::Storage storage;
    shade::Schedule schedule(storage);
    REQUIRE(schedule.command("1 1 07:30 40") == 0);
    CHECK(schedule.due(minute(20787, 449)) == -1);
    CHECK(schedule.due(minute(20787, 449 + passed)) == (passed == 15 ? 40 : -1));
  }
  // A clock put back by no more than that does nothing twice.
  for (int back : {15, 16}) {
    fakes::Storage storage;
    shade::Schedule schedule(storage);
    REQUIRE(schedule.command("1 1 07:30 40") == 0);
    CHECK(schedule.due(minute(20787, 450)) == 40);
    CHECK(schedule.due(minute(20787, 450 - back)) == -1);
    CHECK(schedule.due(minute(20787, 450)) == (back == 15 ? -1 : 40));
  }
}

TEST_CASE("rules: two entries of one minute, and the last one wins") {
  fakes::Storage storage;
  shade::Schedule schedule(storage);
  REQUIRE(schedule.command("1 1 07:30 40") == 0);
  REQUIRE(schedule.command("5 1 07:30 0") == 0);
  CHECK(schedule.due(minute(20787, 450)) == 0);
  REQUIRE(schedule.command("5 off") == 0);
  CHECK(schedule.due(minute(20787 + 7, 450)) == 40);
}

TEST_CASE("rules: zones are told as POSIX writes them") {
  CHECK(zone_of("UTC0") == "STD0");
  CHECK(zone_of("IST-5:30") == "STD-5:30");
  CHECK(zone_of("ABC-5:40") == "STD-5:40");
  CHECK(zone_of("ABC0:20") == "STD0:20");
  CHECK(zone_of("NST3:30NDT,M3.2.0,M11.1.0") == "STD3:30DST2:30,M3.2.0/2,M11.1.0/2");
  CHECK(zone_of("CET-1CEST,M3.5.0/24,M10.5.6/3:05") == "STD-1DST-2,M3.5.0/24,M10.5.6/3:05");
  CHECK(zone_of("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0") == "STD-10:30DST-11,M10.1.0/2,M4.1.0/2");
  CHECK(zone_of("ABC+14") == "STD14");
  shade::TimeZone zone;
  for (const char* good : {"<ABC>1", "<A+1>1", "abz1", "AZz1", "ABC1:59", "ABC0:00"}) CHECK(zone.parse(good));
  for (const char* bad : {"<AB>1",
                          "<>1",
                          "<ABC1",
                          "AB1",
                          "A@C1",
                          "A[C1",
                          "A`C1",
                          "A{C1",
                          "ABC15",
                          "ABC1:",
                          "ABC1:60",
                          "ABC+",
                          "ABC1:5x",
                          "ABC1DE",
                          "ABC1DEF2",
                          "ABC1DEF,M12.5.6",
                          "ABC1DEF,M12.5.6,M13.1.1",
                          "ABC1DEF,M1.6.1,M2.1.1",
                          "ABC1DEF1,M3.1.0,M4.1.0",
                          "ABC1DEF2,M3.1.0,M4.1.0",
                          "ABC1DEF M3.1.0,M4.1.0"}) {
    CAPTURE(bad);
    CHECK_FALSE(zone.parse(bad));
  }
}

TEST_CASE("rules: the queue sends one event in 300 ms, tries again after a second, and waits a minute for an answer") {
  fakes::Clock clock;
  fakes::Publisher publisher;
  shade::EventQueue queue(publisher, clock);
  auto run_for = [&](uint32_t ms) {
    for (uint32_t i = 0; i < ms; ++i) {
      ++clock.now;
      queue.tick();
    }
  };
  queue.add("shade/boot", "1");
  queue.add("shade/boot", "2");
  run_for(1);
  CHECK(publisher.attempts == 1);
  run_for(299);
  CHECK(publisher.attempts == 1);
  run_for(1);
  CHECK(publisher.attempts == 2);
  publisher.outcome = shade::Publisher::Sent::Lost;
  queue.add("shade/boot", "3");
  run_for(300);
  CHECK(publisher.attempts == 3);
  run_for(999);
  CHECK(publisher.attempts == 3);
  publisher.outcome = shade::Publisher::Sent::Waiting;
  run_for(1);
  CHECK(publisher.attempts == 4);
  run_for(59999);
  CHECK(publisher.attempts == 4);
  run_for(1 + 999);
  CHECK(publisher.attempts == 4);
  run_for(1);
  CHECK(publisher.attempts == 5);
  publisher.outcome = shade::Publisher::Sent::Arrived;
  run_for(1);
  CHECK(queue.waiting() == 0);
  CHECK(queue.dropped() == 0);
}

TEST_CASE("rules: six events wait; places give way first, then starts, last faults and owners") {
  fakes::Clock clock;
  fakes::Publisher publisher;
  shade::EventQueue queue(publisher, clock);
  for (const char* name : {"shade/owner", "shade/boot", "shade/tilted", "shade/fault", "shade/missed", "shade/moved"})
    queue.add(name, "");
  CHECK(queue.waiting() == 6);
  CHECK(queue.dropped() == 0);
  for (int i = 0; i < 4; ++i) queue.add("shade/fault", "new");
  CHECK(queue.dropped() == 4);
  std::string names;
  for (int i = 0; i < 6000; ++i) {
    ++clock.now;
    queue.tick();
  }
  for (const auto& event : publisher.events) names += event.name.substr(6) + event.data + " ";
  CHECK(names == "owner fault faultnew faultnew faultnew faultnew ");
  // One that is on its way stays, whatever it is, and what waits is forgotten as a whole.
  publisher.outcome = shade::Publisher::Sent::Waiting;
  for (const char* name : {"shade/moved", "shade/fault", "shade/fault", "shade/fault", "shade/fault", "shade/fault"})
    queue.add(name, "2");
  clock.now += 1000;
  queue.tick();
  queue.add("shade/owner", "3");
  CHECK(std::string(publisher.memory[0].name) == "shade/moved");
  queue.clear();
  CHECK(queue.waiting() == 0);
  publisher.outcome = shade::Publisher::Sent::Arrived;
  size_t before = publisher.events.size();
  clock.now += 1000;
  queue.tick();
  CHECK(publisher.events.size() == before);
  queue.add("shade/boot", "4");
  clock.now += 1000;
  queue.tick();
  CHECK(publisher.events.back().data == "4");
  for (const auto& place : publisher.memory) CHECK(place.name[0] == '\0');
}

TEST_CASE("rules: identify blinks twice a second, for its seconds") {
  fakes::Clock clock;
  fakes::Indicator indicator;
  shade::Identifier identifier(indicator, clock);
  CHECK_FALSE(identifier.active());
  identifier.tick();
  CHECK(indicator.changes == 0);
  clock.now = 0xFFFFFF00;
  identifier.start(2);
  for (uint32_t ms = 1; ms < 2000; ++ms) {
    ++clock.now;
    identifier.tick();
    REQUIRE(identifier.active());
    REQUIRE(indicator.taken);
    REQUIRE(indicator.lit == (ms / 250 % 2 == 0));
  }
  CHECK(indicator.changes == 8);
  ++clock.now;
  identifier.tick();
  CHECK_FALSE(identifier.active());
  CHECK_FALSE(indicator.taken);
  Rig rig;
  rig.start();
  CHECK(rig.controller.identify("1") == 1);
  CHECK(rig.controller.identify("60") == 60);
}

TEST_CASE("rules: the cloud has 15 s to answer, is asked again after an hour, and an answer counts only when asked") {
  Rig rig;
  rig.board.owned = true;
  std::string asks = std::string("shade/own/") + rig.board.device_id();
  rig.start();
  CHECK(rig.controller.asks() == asks);
  auto asked = [&] {
    int count = 0;
    for (const auto& event : rig.publisher.events) count += event.name == asks && event.data == "owned";
    return count;
  };
  rig.board.connected = false;
  rig.controller.addressed(asks.c_str(), "owned");  // nobody asked
  rig.board.connected = true;
  while (asked() == 0) rig.run_for(5);
  rig.run_for(14995);
  CHECK(rig.controller.claimed());
  rig.run_for(5);
  CHECK_FALSE(rig.controller.claimed());
  rig.controller.addressed(asks.c_str(), "owned");  // late, and yet an answer
  rig.run_for(2000);
  CHECK(rig.controller.claimed());
  rig.run_for(3600000 - 17000 - 5);
  CHECK(asked() == 1);
  rig.run_for(5);
  CHECK(asked() == 2);
  rig.run_for(14995);
  CHECK(rig.controller.claimed());
  rig.run_for(5);
  CHECK_FALSE(rig.controller.claimed());
}

TEST_CASE("rules: a refused move of the schedule is tried for 15 minutes") {
  Rig rig;
  rig.clock.utc_at_zero = minute(20787, 449);
  rig.start();
  REQUIRE(rig.controller.schedule("1 1 07:30 40") == 0);
  rig.controller.begin_update();
  rig.run_for(59000 + 899995);  // due in its minute, then 15 more
  size_t events = rig.observer.events.size();
  CHECK(rig.events().find("missed") == std::string::npos);
  rig.run_for(5);
  REQUIRE(rig.observer.events.size() == events + 1);
  CHECK(rig.observer.events.back() == R"(missed {"target":40,"result":-5})");
  rig.controller.end_update();
  rig.run_for(60000);
  CHECK(rig.motor.acts.empty());
}

TEST_CASE("rules: why it rests where it does") {
  auto cause = [](shade::Measure measure, const char* target, int reached, bool doubtful = false) {
    shade::Identity identity = kMeasured;
    identity.measure = measure;
    identity.travel = {1000, 1000};
    Rig rig(identity);
    rig.motor.seen.measured = 2000;
    rig.start();
    rig.controller.move(target);
    rig.run_for(20);
    rig.motor.seen.measured = reached;
    rig.motor.seen.arrived = true;
    rig.motor.seen.at_open = reached == 10000;
    rig.motor.seen.at_closed = reached == 0;
    rig.motor.seen.doubtful = doubtful;
    rig.run_for(5);
    std::string last = rig.observer.events.back();
    size_t at = last.find("\"cause\":\"") + 9;
    return last.substr(at, last.find('"', at) - at);
  };
  CHECK(cause(shade::Measure::Motor, "40", 4000) == "arrived");
  CHECK(cause(shade::Measure::Counts, "40", 4000) == "assumed");
  CHECK(cause(shade::Measure::Counts, "100", 10000) == "arrived");
  CHECK(cause(shade::Measure::Counts, "0", 0) == "arrived");
  CHECK(cause(shade::Measure::Counts, "0", 0, true) == "assumed");
  CHECK(cause(shade::Measure::Motor, "40", 4100) == "arrived");
  CHECK(cause(shade::Measure::Motor, "40", 4200) == "end");
  CHECK(cause(shade::Measure::Motor, "40", 3900) == "arrived");
  CHECK(cause(shade::Measure::Motor, "40", 3800) == "end");
}

TEST_CASE("rules: groups hear move, tilt and identify, with what belongs to them") {
  Rig rig;
  rig.start();
  REQUIRE(rig.controller.groups("south") == 0);
  rig.controller.addressed("shade/to/south", "identify 2");
  rig.run_for(1990);
  CHECK(rig.indicator.taken);
  rig.run_for(20);
  CHECK_FALSE(rig.indicator.taken);
  rig.controller.addressed("shade/to/south", "identify");
  rig.run_for(4990);
  CHECK(rig.indicator.taken);
  rig.run_for(20);
  CHECK_FALSE(rig.indicator.taken);
  rig.controller.addressed("shade/to/south", "move 30");
  CHECK(rig.controller.target() == 30);
  rig.controller.addressed("shade/to/south", "identity");
  CHECK_FALSE(rig.indicator.taken);
  for (const char* other : {"move", "Move 50", "tilt 50", "move 101", "moves50", "m", "midst50"}) {
    rig.controller.addressed("shade/to/south", other);
    CHECK(rig.controller.target() == 30);
  }
}

TEST_CASE("rules: a loop of a second is borne, one that is longer is cut") {
  Rig rig;
  rig.start();
  rig.controller.move("open");
  rig.clock.now += 999;
  rig.controller.watch();
  CHECK(rig.motor.log() == "o");
  CHECK(rig.guard.log == "ar");
  rig.clock.now += 1;
  rig.controller.watch();
  CHECK(rig.motor.log() == "ok");
}

TEST_CASE("rules: heat to the millisecond, and a budget's quarter beyond") {
  shade::ThermalBudget budget{{16000, 5}};
  budget.spend(100, 15999);
  CHECK_FALSE(budget.spent());
  budget.spend(1, 99);  // a hundredth short of a millisecond
  CHECK_FALSE(budget.spent());
  budget.spend(1, 1);
  CHECK(budget.spent());
  CHECK(budget.seconds() == 16);
  budget.spend(100, 3999);
  CHECK_FALSE(budget.exceeded());
  budget.spend(50, 2);
  CHECK(budget.exceeded());
  CHECK(budget.seconds() == 20);
  budget.spend(0, 4);
  CHECK(budget.exceeded());
  budget.spend(0, 1);
  CHECK_FALSE(budget.exceeded());
  budget.spend(0, 5 * 19998);
  CHECK(budget.seconds() == 1);
  budget.spend(0, 1000000);
  CHECK(budget.seconds() == 0);
  budget.restore(15, false);
  CHECK_FALSE(budget.spent());
  budget.restore(15, true);  // and a sixteenth of the budget unseen
  CHECK(budget.spent());
  budget.restore(14, true);
  CHECK(budget.seconds() == 15);
  CHECK_FALSE(budget.spent());
  budget.restore(500, false);
  CHECK(budget.seconds() == 20);
  CHECK(budget.exceeded());
  shade::ThermalBudget endless{{0xFFFFFFFF, 5}};
  for (int i = 0; i < 1000; ++i) endless.spend(100, 0xFFFFFFFF);
  CHECK_FALSE(endless.spent());
}

TEST_CASE("rules: a key on the wall counts when it was held for 30 ms") {
  for (uint32_t held : {29u, 30u}) {
    shade::WallKeys keys;
    uint32_t now = 5000;
    auto hold = [&](bool up, uint32_t ms) {
      shade::Key last = shade::Key::None;
      for (uint32_t end = now + ms; now < end; ++now) {
        shade::Key key = keys.look(up, false, false, now);
        if (key != shade::Key::None) last = key;
      }
      return last;
    };
    CHECK(hold(false, 100) == shade::Key::None);
    CHECK_FALSE(keys.settling());
    CHECK((hold(true, held + 1) == shade::Key::Up) == (held == 30));
    CHECK(keys.settling() == (held == 29));
  }
}

TEST_CASE("rules: a board's record in either slot is one") {
  Rig first;
  first.start();
  REQUIRE(first.controller.tie_board("sample") == 0);
  first.storage.bytes[320] = 0x5A;          // the first slot is a stranger's
  first.storage.bytes[320 + 28 + 12] ^= 1;  // the second one is damaged
  Rig damaged(fakes::kIdentity, first.storage);
  damaged.start();
  CHECK(damaged.fault() == 18);
}

TEST_CASE("rules: the least power heats, too") {
  shade::Identity identity = kMeasured;
  identity.heat = {100, 5};
  Rig rig(identity);
  rig.motor.power = 1;
  rig.motor.seen.measured = 2000;
  rig.start();
  rig.controller.move("90");
  for (int step = 0; step < 130 && rig.fault() == 0; ++step) {
    rig.run_for(100);
    rig.motor.seen.measured += 20;
  }
  CHECK(rig.fault() == 17);
}
