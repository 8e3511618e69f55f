// Moves at times of the day: what is understood, when it is due, and what becomes of a move that is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "shade/crc32.h"
#include "shade/schedule.h"
#include "shade_fakes.h"

using fakes::Rig;
using shade::day_of;
using shade::Schedule;

namespace {

uint32_t utc_at(int year, int month, int day, int hour, int minute) {
  return static_cast<uint32_t>(day_of(year, month, day)) * 86400u + static_cast<uint32_t>(hour * 3600 + minute * 60);
}

struct Bench {
  fakes::Storage storage;
  Schedule schedule{storage};
  std::string text() const {
    char out[300];
    schedule.write(out, sizeof out);
    return out;
  }
  // Every minute of some days: when, in seconds since 1970, and where to.
  std::vector<std::pair<uint32_t, int>> days(uint32_t from, int count) {
    std::vector<std::pair<uint32_t, int>> moves;
    schedule.due(from - 60);
    for (uint32_t utc = from; utc < from + static_cast<uint32_t>(count) * 86400; utc += 60)
      if (int target = schedule.due(utc); target >= 0) moves.push_back({utc, target});
    return moves;
  }
};

}  // namespace

TEST_CASE("schedule: entries, zone and place are read, told and kept") {
  Bench bench;
  CHECK(bench.text() == "zone STD0");
  for (const char* line : {"1 12345 07:30 40", "8 67 sunset-30 0", "3 7654321 sunrise 100", "2 1 23:59 5",
                           "zone CET-1CEST,M3.5.0,M10.5.0/3", "place -33.8 151.21", "2 off"}) {
    CAPTURE(line);
    CHECK(bench.schedule.command(line) == 0);
  }
  const char* told =
      "1 12345 07:30 40;3 1234567 sunrise+0 100;8 67 sunset-30 0;zone STD-1DST-2,M3.5.0/2,M10.5.0/3;"
      "place -33.80 151.21";
  CHECK(bench.text() == told);
  Schedule again{bench.storage};
  again.load();
  char text[300];
  again.write(text, sizeof text);
  CHECK(std::string(text) == told);
  CHECK(again.command("clear") == 0);
  again.write(text, sizeof text);
  CHECK(std::string(text) == "zone STD-1DST-2,M3.5.0/2,M10.5.0/3;place -33.80 151.21");
  CHECK(again.forget());
  again.write(text, sizeof text);
  CHECK(std::string(text) == "zone STD0");
}

TEST_CASE("schedule: what is not understood changes nothing") {
  Bench bench;
  REQUIRE(bench.schedule.command("1 1 07:30 40") == 0);
  std::string before = bench.text();
  int writes = bench.storage.writes;
  for (const char* bad : {"",
                          "1",
                          "0 1 07:30 40",
                          "9 1 07:30 40",
                          "1 8 07:30 40",
                          "1  07:30 40",
                          "1 1 24:00 40",
                          "1 1 07:60 40",
                          "1 1 0730 40",
                          "1 1 07:30 101",
                          "1 1 07:30",
                          "1 1 07:30 40 ",
                          "1 1 sunrise+181 40",
                          "1 1 sunrise* 40",
                          "1 1 sunup 40",
                          "zone",
                          "zone X",
                          "place 52.52",
                          "place 91 0",
                          "place 90.01 0",
                          "place 0 180.01",
                          "place 5,2 3",
                          "place 52.525 13",
                          "plaice52.52 13.40",
                          "zonesCET-1",
                          "zoomyCET-1",
                          "1 1 sundae 40",
                          "1 1 sunsea 40",
                          "1 1 suncrab 40",
                          "1 1 sunrice 40",
                          "Clear",
                          "1 OFF"}) {
    CAPTURE(bad);
    CHECK(bench.schedule.command(bad) == shade::kBadArgument);
  }
  CHECK(bench.text() == before);
  CHECK(bench.storage.writes == writes);
  bench.storage.refuses = true;
  CHECK(bench.schedule.command("2 1 07:30 40") == shade::kNotStored);
  CHECK(bench.schedule.command("zone CET-1") == shade::kNotStored);
  CHECK(bench.schedule.command("place 1 1") == shade::kNotStored);
  CHECK(bench.text() == before);
}

TEST_CASE("schedule: due to the minute, on its days, across both changes of the clocks") {
  Bench bench;
  REQUIRE(bench.schedule.command("zone CET-1CEST,M3.5.0,M10.5.0/3") == 0);
  REQUIRE(bench.schedule.command("1 567 02:30 70") == 0);
  // Friday and Saturday 27 and 28 March 2026 in winter time; on the 29th it would be 2:30 in no zone: an hour later.
  CHECK(bench.days(utc_at(2026, 3, 25, 0, 0), 6) ==
        std::vector<std::pair<uint32_t, int>>{
            {utc_at(2026, 3, 27, 1, 30), 70}, {utc_at(2026, 3, 28, 1, 30), 70}, {utc_at(2026, 3, 29, 1, 30), 70}});
  // On 25 October it is 2:30 twice; once is enough.
  CHECK(bench.days(utc_at(2026, 10, 24, 12, 0), 2) ==
        std::vector<std::pair<uint32_t, int>>{{utc_at(2026, 10, 25, 0, 30), 70}});
}

TEST_CASE("schedule: by the sun of the place") {
  Bench bench;
  REQUIRE(bench.schedule.command("1 1234567 sunrise+10 100") == 0);
  REQUIRE(bench.schedule.command("2 1234567 sunset-30 0") == 0);
  CHECK(bench.days(utc_at(2026, 6, 21, 0, 0), 1).empty());  // nowhere is no sun
  REQUIRE(bench.schedule.command("place 52.52 13.40") == 0);
  auto moves = bench.days(utc_at(2026, 6, 21, 0, 0), 1);
  // PyEphem: 02:43:09 and 19:33:15.
  REQUIRE(moves.size() == 2);
  CHECK(std::abs(static_cast<int>(moves[0].first - utc_at(2026, 6, 21, 2, 53))) <= 60);
  CHECK(std::abs(static_cast<int>(moves[1].first - utc_at(2026, 6, 21, 19, 3))) <= 60);
  // In Auckland the sun of a day rises on the day before in UTC. Monday's: Sunday evening.
  REQUIRE(bench.schedule.command("zone NZST-12NZDT,M9.5.0,M4.1.0/3") == 0);
  REQUIRE(bench.schedule.command("place -36.85 174.76") == 0);
  REQUIRE(bench.schedule.command("clear") == 0);
  REQUIRE(bench.schedule.command("1 6 sunrise 100") == 0);  // Saturday 10 April 2027; PyEphem: 18:41:35
  moves = bench.days(utc_at(2027, 4, 6, 0, 0), 6);
  REQUIRE(moves.size() == 1);
  CHECK(std::abs(static_cast<int>(moves[0].first - utc_at(2027, 4, 9, 18, 42))) <= 60);
}

TEST_CASE("schedule: the sun of a day may rise or set on another date") {
  Bench bench;
  REQUIRE(bench.schedule.command("place 64.15 -21.94") == 0);
  // Reykjavik, Sunday 21 June 2026; PyEphem: 02:55:13, and 00:03:55 on Monday.
  REQUIRE(bench.schedule.command("1 7 sunrise-180 100") == 0);
  REQUIRE(bench.schedule.command("2 7 sunset 0") == 0);
  auto moves = bench.days(utc_at(2026, 6, 19, 0, 0), 5);
  REQUIRE(moves.size() == 2);
  CHECK(std::abs(static_cast<int>(moves[0].first - utc_at(2026, 6, 20, 23, 55))) <= 60);
  CHECK(std::abs(static_cast<int>(moves[1].first - utc_at(2026, 6, 22, 0, 4))) <= 60);
}

TEST_CASE("schedule: minutes that passed unseen are made up for, hours are not, and none counts twice") {
  Bench bench;
  REQUIRE(bench.schedule.command("1 1234567 07:30 40") == 0);
  REQUIRE(bench.schedule.command("2 1234567 07:32 60") == 0);
  uint32_t at = utc_at(2026, 11, 30, 7, 30);
  CHECK(bench.schedule.due(at) == 40);  // the very first look
  CHECK(bench.schedule.due(at + 59) == -1);
  CHECK(bench.schedule.due(at + 14 * 60) == 60);
  CHECK(bench.schedule.due(at + 60) == -1);  // the clock was put back a little
  CHECK(bench.schedule.due(at + 120) == -1);
  CHECK(bench.schedule.due(at + 86400 - 600) == -1);
  CHECK(bench.schedule.due(at + 86400 + 540) == -1);  // 19 minutes: more than is made up for
  CHECK(bench.schedule.due(at + 2 * 86400 - 60) == -1);
  CHECK(bench.schedule.due(at + 2 * 86400 + 60) == 40);
  CHECK(bench.schedule.due(at) == 40);  // put back by days
}

TEST_CASE("schedule: a shade moves by its own clock, without the cloud") {
  Rig rig;
  rig.publisher.online = rig.board.connected = false;
  rig.clock.utc_at_zero = utc_at(2026, 11, 30, 7, 29);
  rig.start();
  REQUIRE(rig.controller.schedule("1 1 07:30 40") == 0);
  rig.run_for(57000);
  CHECK(rig.driver.acts.empty());
  rig.run_for(3000);
  CHECK(rig.driver.log() == "o");
  rig.run_until_rest();
  CHECK(rig.controller.position() == 40);
  rig.run_for(120000);
  CHECK(rig.driver.log() == "os");
}

TEST_CASE("schedule: without the time nothing is due, and that is told") {
  Rig rig;
  rig.start();
  REQUIRE(rig.controller.schedule("1 1234567 00:00 40") == 0);
  rig.run_for(120000);
  CHECK(rig.driver.acts.empty());
  char health[240];
  rig.controller.write_health(health, sizeof health);
  CHECK(std::string(health).find("\"time\":false") != std::string::npos);
}

TEST_CASE("schedule: a move that is refused is made later, or told as missed") {
  Rig rig;
  rig.clock.utc_at_zero = utc_at(2026, 11, 30, 7, 29);
  rig.start();
  REQUIRE(rig.controller.schedule("1 1 07:30 40") == 0);
  REQUIRE(rig.controller.schedule("2 1 08:30 80") == 0);
  rig.controller.begin_update();
  rig.run_for(300000);
  CHECK(rig.driver.acts.empty());
  rig.controller.end_update();
  rig.run_for(2000);
  CHECK(rig.controller.moving());
  rig.run_until_rest();
  rig.controller.begin_update();
  rig.run_for(4500000);
  rig.controller.end_update();
  rig.run_for(3600000);
  CHECK(rig.controller.position() == 40);
  CHECK(rig.observer.events.back() == R"(missed {"target":80,"result":-5})");
}

namespace {

// A record with a checksum that holds, as another program, or a newer firmware, may have left it.
void put_record(fakes::Storage& storage, int address, char tag, uint8_t flags, const std::vector<uint8_t>& payload) {
  std::vector<uint8_t> slot = {'S', static_cast<uint8_t>(tag), 1, flags, 1, 0, 0, 0};
  slot.insert(slot.end(), payload.begin(), payload.end());
  const uint32_t crc = shade::crc32(slot.data(), slot.size());
  for (int i = 0; i < 4; ++i) slot.push_back(static_cast<uint8_t>(crc >> 8 * i));
  REQUIRE(storage.write(address, slot.data(), slot.size()));
}

}  // namespace

TEST_CASE("schedule: a record that no command makes is none") {
  Bench bench;
  std::vector<uint8_t> entries(32);
  const uint8_t made[][4] = {{127, 0xFF, 0xFF, 40},  // a minute before midnight
                             {127, 0xA0, 0x05, 40},  // 24:00
                             {127, 10, 0, 101},      // beyond open
                             {128, 10, 0, 40},       // an eighth day
                             {127, 0x55, 0x10, 40},  // 181 minutes after sunrise
                             {3, 30, 0, 40}};
  for (size_t i = 0; i < 6; ++i) std::copy(made[i], made[i] + 4, entries.begin() + static_cast<long>(4 * i));
  put_record(bench.storage, 160, 'T', 0, entries);
  // 25 hours east, a 13th month, 200 degrees north
  put_record(bench.storage, 248, 'Z', 1, {0xDC, 5, 0, 6, 13, 5, 0, 120, 0, 10, 5, 0, 120, 0, 0x20, 0x4E, 0, 0, 0, 0});
  bench.schedule.load();
  CHECK(bench.text() == "6 12 00:30 40;zone STD0");
}

TEST_CASE("schedule: on the first day of 1970 there is no day before") {
  Bench bench;
  REQUIRE(bench.schedule.command("place 52.52 13.40") == 0);
  REQUIRE(bench.schedule.command("1 1234567 sunset 40") == 0);
  REQUIRE(bench.schedule.command("2 1234567 00:02 30") == 0);
  CHECK(bench.schedule.due(60) == -1);
  CHECK(bench.schedule.due(120) == 30);
}

TEST_CASE("schedule: closing is a move as any other") {
  Rig rig;
  rig.clock.utc_at_zero = utc_at(2026, 11, 30, 7, 29);
  rig.start();
  REQUIRE(rig.controller.schedule("1 1 07:30 0") == 0);
  rig.controller.move("40");
  rig.run_until_rest();
  rig.run_for(60000);
  rig.run_until_rest();
  CHECK(rig.controller.position() == 0);
  // And made once.
  rig.controller.move("40");
  rig.run_until_rest();
  rig.run_for(20 * 60000);
  CHECK(rig.controller.position() == 40);
}

TEST_CASE("schedule: a move to the closed end that is taken in the last second was not missed") {
  Rig rig;
  rig.clock.utc_at_zero = utc_at(2026, 11, 30, 7, 29);
  rig.start();
  REQUIRE(rig.controller.schedule("1 1 07:30 0") == 0);
  rig.controller.begin_update();
  rig.run_for(59000 + 899995);
  rig.controller.end_update();
  rig.run_for(5);
  CHECK(rig.controller.moving());
  for (const auto& event : rig.observer.events) CHECK(event.find("missed") == std::string::npos);
}

TEST_CASE("schedule: the outermost that a command makes is there after a start, and what lies beyond is not") {
  Bench bench;
  for (const char* line : {"1 1 00:00 0", "2 7 23:59 100", "3 1 sunrise-180 1", "4 1 sunrise+180 2", "5 1 sunset-180 3",
                           "6 1 sunset+180 4", "place 90 180"})
    REQUIRE(bench.schedule.command(line) == 0);
  Schedule again{bench.storage};
  again.load();
  char text[300];
  again.write(text, sizeof text);
  CHECK(std::string(text) == bench.text());
  REQUIRE(bench.schedule.command("place -90 -180") == 0);
  Schedule south{bench.storage};
  south.load();
  south.write(text, sizeof text);
  CHECK(std::string(text) == bench.text());
  // 90.01 degrees north, 180.01 east; the other one of each is 0.
  for (auto [low, high, at] : {std::tuple{0x29, 0x23, 14}, {0x51, 0x46, 16}}) {
    Bench beyond;
    std::vector<uint8_t> zone(20);
    zone[static_cast<size_t>(at)] = static_cast<uint8_t>(low);
    zone[static_cast<size_t>(at) + 1] = static_cast<uint8_t>(high);
    put_record(beyond.storage, 248, 'Z', 1, zone);
    beyond.schedule.load();
    CHECK(beyond.text() == "zone STD0");
  }
}

TEST_CASE("schedule: in the zones farthest east and west") {
  Bench bench;
  REQUIRE(bench.schedule.command("zone LINT-14") == 0);
  REQUIRE(bench.schedule.command("1 2 01:40 30") == 0);  // Tuesday 1 December 2026
  CHECK(bench.days(utc_at(2026, 11, 29, 0, 0), 7) ==
        std::vector<std::pair<uint32_t, int>>{{utc_at(2026, 11, 30, 11, 40), 30}});
  REQUIRE(bench.schedule.command("zone AOE14") == 0);
  REQUIRE(bench.schedule.command("1 1 22:20 50") == 0);  // Monday 30 November
  CHECK(bench.days(utc_at(2026, 11, 29, 0, 0), 7) ==
        std::vector<std::pair<uint32_t, int>>{{utc_at(2026, 12, 1, 12, 20), 50}});
}
