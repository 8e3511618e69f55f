// What belongs to the owner: kept over a start, forgotten when the owner changes.
#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "shade/crc32.h"
#include "shade_fakes.h"

using fakes::Rig;

namespace {

// All that an owner leaves in a device.
void furnish(Rig& rig) {
  REQUIRE(rig.controller.name_site("Kitchen"));
  REQUIRE(rig.controller.groups("ground-floor,south") == 0);
  REQUIRE(rig.controller.schedule("1 1234567 07:30 40") == 0);
  REQUIRE(rig.controller.schedule("zone CET-1CEST,M3.5.0,M10.5.0/3") == 0);
  REQUIRE(rig.controller.schedule("place 52.52 13.40") == 0);
}

std::string schedule_of(const Rig& rig) {
  char text[300];
  rig.controller.household().schedule().write(text, sizeof text);
  return text;
}

bool is_bare(const Rig& rig) {
  return *rig.controller.site() == '\0' && *rig.controller.household().groups() == '\0' &&
         schedule_of(rig) == "zone STD0";
}

}  // namespace

TEST_CASE("household: it is there after a start, and the same owner changes nothing") {
  Rig rig;
  rig.start();
  CHECK(rig.controller.owner("alice-1") == 0);
  furnish(rig);
  CHECK(rig.controller.owner("alice-1") == 0);
  CHECK(rig.observer.events.back() == R"(owner {"owner":"alice-1","release":false,"cleared":false})");
  Rig later(rig.storage);
  later.start();
  CHECK(std::string(later.controller.site()) == "Kitchen");
  CHECK(later.controller.household().in_group("south"));
  CHECK(schedule_of(later) == schedule_of(rig));
  CHECK(std::string(later.controller.household().owner()) == "alice-1");
}

TEST_CASE("household: another owner, none, and a factory reset find nothing, in EEPROM neither") {
  for (int way = 0; way < 3; ++way) {
    CAPTURE(way);
    Rig rig;
    rig.start();
    REQUIRE(rig.controller.calibrate("9000,7000") == 0);
    REQUIRE(rig.controller.owner("alice") == 0);
    furnish(rig);
    Rig next(rig.storage);
    if (way == 2) next.board.reason = 100;
    next.start();
    if (way == 0) CHECK(next.controller.owner("bob") == 0);
    if (way == 1) CHECK(next.controller.owner("none") == 0);
    CHECK(is_bare(next));
    std::string bytes(reinterpret_cast<const char*>(next.storage.bytes), sizeof next.storage.bytes);
    for (const char* secret : {"Kitchen", "south", "alice"}) CHECK(bytes.find(secret) == std::string::npos);
    CHECK(bytes.find("\x84\x14\x3C\x05") == std::string::npos);  // 5252 and 1340, where it is
    CHECK(next.observer.events.back().find(R"("cleared":true)") != std::string::npos);
    CHECK(std::string(next.controller.household().owner()) == (way == 0 ? "bob" : ""));
    CHECK(next.controller.travel().first == 9000);  // the shade's own, whoever has it
    Rig after(next.storage);
    after.start();
    CHECK(is_bare(after));
  }
}

TEST_CASE("household: what was to be told of the former owner's shade is not told to the next") {
  Rig rig;
  rig.publisher.online = false;
  rig.start();
  REQUIRE(rig.controller.owner("alice") == 0);
  rig.controller.move("40");
  rig.run_until_rest();
  REQUIRE(rig.controller.owner("bob") == 0);
  rig.publisher.online = true;
  rig.run_for(10000);
  for (const auto& event : rig.publisher.events) {
    CHECK(event.name != "shade/moved");
    CHECK(event.data.find("alice") == std::string::npos);
  }
}

TEST_CASE("household: a move that waits for an update's end is not made for the next owner") {
  Rig rig;
  rig.clock.utc_at_zero = 1774224000;  // a Monday, 00:00 UTC
  rig.start();
  REQUIRE(rig.controller.schedule("1 1 00:01 40") == 0);
  rig.controller.begin_update();
  rig.run_for(120000);
  REQUIRE(rig.controller.owner("none") == 0);
  rig.controller.end_update();
  rig.run_for(60000);
  CHECK(rig.driver.acts.empty());
}

TEST_CASE("household: what cannot be forgotten is told, and tried by the next call") {
  Rig rig;
  rig.start();
  REQUIRE(rig.controller.owner("alice") == 0);
  furnish(rig);
  rig.storage.refuses = true;
  CHECK(rig.controller.owner("bob") == shade::kNotStored);
  CHECK(std::string(rig.controller.household().owner()) == "alice");
  rig.storage.refuses = false;
  // The power goes after each byte of what is written; then the owner comes again.
  fakes::Storage before = rig.storage;
  for (long bytes = 0; bytes < 400; bytes += 7) {
    Rig cut(before);
    cut.start();
    cut.storage.left = bytes;
    cut.controller.owner("bob");
    Rig next(cut.storage);
    next.storage.left = -1;
    next.start();
    REQUIRE(next.controller.owner("bob") == 0);
    REQUIRE(is_bare(next));
  }
}

TEST_CASE("household: names that are none change nothing") {
  Rig rig;
  rig.start();
  REQUIRE(rig.controller.groups("a,b") == 0);
  for (const char* bad : {",", "a,", ",a", "a,,b", "a b", "a/b", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o"})
    CHECK(rig.controller.groups(bad) == shade::kBadArgument);
  for (const char* bad : {"", "a b", "0123456789abcdef", "a,b", "none "})
    CHECK(rig.controller.owner(bad) == shade::kBadArgument);
  CHECK(std::string(rig.controller.household().groups()) == "a,b");
  CHECK(rig.controller.groups("") == 0);
  CHECK(std::string(rig.controller.household().groups()) == "");
}

TEST_CASE("groups: a command reaches the members, whole names only") {
  Rig rig;
  rig.start();
  REQUIRE(rig.controller.groups("south,ground-floor") == 0);
  for (const char* other : {"shade/to/sou", "shade/to/south-west", "shade/to/", "shade/to/south,ground-floor", "south"})
    rig.controller.addressed(other, "move 40");
  rig.controller.addressed("shade/to/south", "jump 40");
  CHECK(rig.driver.acts.empty());
  rig.controller.addressed("shade/to/ground-floor", "move 40");
  CHECK(rig.controller.target() == 40);
  rig.controller.addressed("shade/to/south", "move stop");
  CHECK_FALSE(rig.controller.moving());
  rig.controller.addressed("shade/to/south", "identify");
  CHECK(rig.indicator.taken);
}

TEST_CASE("ownership: SETUP asks to be given up until the cloud says who owns it") {
  Rig rig;
  rig.start();
  REQUIRE(rig.controller.owner("alice") == 0);
  furnish(rig);
  rig.controller.ask_release();
  CHECK(rig.observer.events.back() == R"(owner {"owner":"alice","release":true,"cleared":false})");
  CHECK_FALSE(is_bare(rig));
  Rig later(rig.storage);  // without power and cloud in between
  later.start();
  CHECK(later.observer.events.back() == R"(owner {"owner":"alice","release":true,"cleared":false})");
  CHECK(later.controller.owner("none") == 0);
  CHECK_FALSE(later.controller.household().asks_release());
}

TEST_CASE("ownership: claimed is what the cloud answers, not what is stored") {
  Rig rig;
  rig.board.owned = true;  // as in every Photon that has been claimed once
  rig.start();
  CHECK(rig.controller.claimed());
  std::string asks = std::string("shade/own/") + rig.board.device_id();
  auto asked = [&] {
    int count = 0;
    for (const auto& event : rig.publisher.events) count += event.name == asks;
    return count;
  };
  rig.run_for(5000);
  REQUIRE(asked() == 1);
  rig.run_for(30000);
  CHECK_FALSE(rig.controller.claimed());
  rig.run_for(3600000);  // it asks again, and is answered
  REQUIRE(asked() == 2);
  rig.controller.addressed(asks.c_str(), "owned");
  rig.run_for(2000);
  CHECK(rig.controller.claimed());
  // Told of an owner it asks whether that is so.
  REQUIRE(rig.controller.owner("alice") == 0);
  rig.run_for(5000);
  REQUIRE(asked() == 3);
  rig.controller.addressed(asks.c_str(), "owned");
  rig.run_for(2000);
  rig.board.connected = rig.publisher.online = false;
  rig.run_for(5000);
  CHECK(rig.controller.claimed());
  rig.board.connected = rig.publisher.online = true;
  rig.run_for(40000);
  CHECK(asked() == 4);
  CHECK_FALSE(rig.controller.claimed());
}

TEST_CASE("household: records of another format say nothing") {
  Rig rig;
  rig.start();
  for (int round = 0; round < 2; ++round) {  // both slots
    REQUIRE(rig.controller.owner("alice") == 0);
    furnish(rig);
  }
  for (uint8_t version : {0, 2}) {
    CAPTURE(version);
    Rig later(rig.storage);
    // As shade/README.md has them: address, and the size of a slot.
    for (auto [address, size] : {std::pair{64, 44}, {160, 44}, {248, 32}, {376, 28}, {432, 40}}) {
      for (uint8_t* slot : {later.storage.bytes + address, later.storage.bytes + address + size}) {
        if (slot[0] != 'S') continue;
        slot[2] = version;
        uint32_t crc = shade::crc32(slot, static_cast<size_t>(size) - 4);
        for (int i = 0; i < 4; ++i) slot[size - 4 + i] = static_cast<uint8_t>(crc >> (8 * i));
      }
    }
    later.start();
    CHECK(is_bare(later));
    CHECK(std::string(later.controller.household().owner()) == "");
  }
}

TEST_CASE("household: whether it was cleared is told by every call") {
  fakes::Storage storage;
  shade::Household household(storage);
  for (auto [owner, clears] :
       {std::pair{"a b", false}, {"alice", false}, {"alice", false}, {"bob", true}, {"none", true}}) {
    CAPTURE(owner);
    bool cleared = !clears;
    household.own(owner, cleared);
    CHECK(cleared == clears);
  }
}
