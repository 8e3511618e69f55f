#include <doctest/doctest.h>

#include <set>

#include "shade/surface.h"
#include "shade_fakes.h"

using fakes::Rig;

TEST_CASE("the cloud surface is the agreed one") {
  std::set<std::string> names;
  for (const auto& entry : shade::kSurface) names.insert(std::string(entry.type) + " " + entry.name);
  CHECK(names == std::set<std::string>{"int position",
                                       "bool moving",
                                       "string variant",
                                       "string fw",
                                       "string site",
                                       "string health",
                                       "int tilt",
                                       "json shade/tilted",
                                       "int move",
                                       "int identify",
                                       "int calibrate",
                                       "json shade/boot",
                                       "json shade/moved",
                                       "json shade/fault",
                                       "string groups",
                                       "string schedule",
                                       "int schedule",
                                       "int groups",
                                       "int owner",
                                       "json shade/missed",
                                       "json shade/owner",
                                       "json shade/learn",
                                       "json shade/own/<device id>"});
}

TEST_CASE("start reports itself, online or later") {
  Rig rig;
  rig.publisher.online = false;
  rig.start();
  CHECK(rig.observer.events ==
        std::vector<std::string>{
            R"(boot {"variant":"sample","fw":"sample 7","reset":140,"position":0,"calibrated":false})"});
  rig.run_for(30000);
  CHECK(rig.publisher.events.empty());
  rig.publisher.online = true;
  rig.run_for(10);
  REQUIRE(rig.publisher.events.size() == 1);
  CHECK(rig.publisher.events[0].name == "shade/boot");
}

TEST_CASE("move understands words and numbers") {
  Rig rig;
  rig.start();
  CHECK(rig.controller.move("open") == 100);
  rig.run_until_rest();
  CHECK(rig.controller.position() == 100);
  CHECK(rig.controller.move("37") == 37);
  rig.run_until_rest();
  CHECK(rig.controller.position() == 37);
  CHECK(rig.controller.move("close") == 0);
  rig.run_for(1000);
  int held = rig.controller.move("stop");
  CHECK(held == rig.controller.position());
  CHECK(rig.controller.target() == held);
  CHECK_FALSE(rig.controller.moving());
  CHECK(rig.observer.events[1] == R"(moved {"position":100,"target":100,"cause":"assumed"})");  // not calibrated
  CHECK(rig.observer.events[2] == R"(moved {"position":37,"target":37,"cause":"assumed"})");
  CHECK(rig.observer.events[3].find(R"("cause":"stopped")") != std::string::npos);
}

TEST_CASE("arguments that are not understood change nothing") {
  Rig rig;
  rig.start();
  int writes = rig.storage.writes;
  for (const char* bad : {"", "OPEN", "up", "101", "-1", "4.5", "50%", " 50", "50 ", "99999999999", "0x10"}) {
    CAPTURE(bad);
    CHECK(rig.controller.move(bad) == shade::kBadArgument);
    CHECK(rig.controller.calibrate(bad) == shade::kBadArgument);
  }
  for (const char* bad : {"0", "61", "-5", "5s", "abc"}) CHECK(rig.controller.identify(bad) == shade::kBadArgument);
  for (const char* bad : {"10000", "10000,", ",10000", "499,10000", "10000,300001", "10000,10000,1", "10000;10000"})
    CHECK(rig.controller.calibrate(bad) == shade::kBadArgument);
  CHECK(rig.driver.acts.empty());
  CHECK(rig.storage.writes == writes);
  CHECK_FALSE(rig.indicator.taken);
  CHECK(rig.observer.events.size() == 1);
}

TEST_CASE("a bad argument does not disturb a move under way") {
  Rig rig;
  rig.start();
  rig.controller.move("80");
  rig.run_for(1000);
  CHECK(rig.controller.move("nowhere") == shade::kBadArgument);
  rig.run_until_rest();
  CHECK(rig.controller.position() == 80);
}

TEST_CASE("calibration changes the travel, survives a restart, and can be taken back") {
  Rig rig;
  rig.start();
  CHECK(rig.controller.calibrate("4000,2000") == 0);
  rig.controller.move("50");
  rig.run_for(2000);
  CHECK_FALSE(rig.controller.moving());
  Rig again(rig.storage);
  again.start();
  CHECK(again.controller.calibrated());
  CHECK(again.controller.travel().first == 4000);
  CHECK(again.controller.travel().second == 2000);
  CHECK(again.controller.position() == 50);
  CHECK(again.controller.calibrate("reset") == 0);
  CHECK_FALSE(again.controller.calibrated());
  CHECK(again.controller.travel().first == 10000);
}

TEST_CASE("calibration is refused while moving and when it cannot be stored") {
  Rig rig;
  rig.start();
  rig.controller.move("open");
  CHECK(rig.controller.calibrate("4000,2000") == shade::kBusy);
  rig.run_until_rest();
  rig.storage.refuses = true;
  CHECK(rig.controller.calibrate("4000,2000") == shade::kNotStored);
  CHECK(rig.controller.travel().first == 10000);
  CHECK_FALSE(rig.controller.calibrated());
  CHECK(rig.controller.fault() == shade::Fault::Storage);
  CHECK(rig.observer.events.back() == R"(fault {"fault":2,"text":"storage","position":100})");
  rig.storage.refuses = false;
  CHECK(rig.controller.calibrate("4000,2000") == 0);
  CHECK(rig.controller.fault() == shade::Fault::None);
}

TEST_CASE("a full storage does not keep the shade from moving, and is reported once") {
  Rig rig;
  rig.storage.refuses = true;
  rig.start();
  CHECK(rig.controller.move("40") == 40);
  rig.run_until_rest();
  CHECK(rig.controller.position() == 40);
  CHECK(rig.controller.move("60") == 60);
  rig.run_until_rest();
  int faults = 0;
  for (const auto& e : rig.observer.events) faults += e.compare(0, 5, "fault") == 0;
  CHECK(faults == 1);
}

TEST_CASE("after a power cut in motion the position counts as unknown") {
  Rig rig;
  rig.start();
  rig.controller.move("open");
  rig.run_for(5000);
  Rig again(rig.storage);
  again.start();
  CHECK_FALSE(again.controller.known());
  CHECK(again.controller.move("50") == 50);
  again.run_until_rest();
  CHECK(again.driver.log() == "ceos");
  CHECK(again.controller.known());
  CHECK(again.controller.position() == 50);
}

TEST_CASE("damaged settings are a fault until calibrated") {
  Rig rig;
  memset(rig.storage.bytes, 0x5A, sizeof rig.storage.bytes);
  rig.start();
  CHECK(rig.controller.fault() == shade::Fault::SettingsLost);
  CHECK_FALSE(rig.controller.known());
  CHECK(rig.controller.calibrate("4000,2000") == 0);
  CHECK(rig.controller.fault() == shade::Fault::None);
}

TEST_CASE("a driver fault is reported, refuses moves, and stop clears it") {
  Rig rig;
  rig.start();
  rig.driver.runs = false;
  CHECK(rig.controller.move("open") == shade::kFaulted);
  CHECK(rig.controller.fault() == shade::Fault::Driver);
  CHECK(rig.observer.events.back() == R"(fault {"fault":1,"text":"driver","position":0})");
  size_t events = rig.observer.events.size();
  CHECK(rig.controller.move("open") == shade::kFaulted);
  CHECK(rig.observer.events.size() == events);
  rig.driver.runs = true;
  CHECK(rig.controller.move("stop") == 0);
  CHECK(rig.controller.move("open") == 100);
}

TEST_CASE("a driver that fails while moving is reported with the move") {
  Rig rig;
  rig.start();
  rig.driver.stops = false;
  rig.controller.move("40");
  rig.run_for(5000);
  CHECK(rig.controller.fault() == shade::Fault::Driver);
  std::string all;
  for (const auto& e : rig.observer.events) all += e + "\n";
  CHECK(all.find(R"(fault {"fault":1)") != std::string::npos);
  CHECK(all.find(R"("cause":"fault")") != std::string::npos);
}

TEST_CASE("a timed shade that was stopped late has met no end") {
  Rig rig;
  rig.start();
  rig.controller.calibrate("10000,8000");
  rig.controller.move("close");
  rig.run_for(20000);
  rig.controller.move("40");
  rig.run_for(3990);
  rig.driver.held_up_ms = 300;
  rig.run_for(1000);
  REQUIRE_FALSE(rig.controller.moving());
  CHECK(rig.controller.position() == 43);
  CHECK(rig.observer.events.back().find(R"("cause":"assumed")") != std::string::npos);
}

TEST_CASE("identify blinks and gives the light back") {
  Rig rig;
  rig.start();
  CHECK(rig.controller.identify("3") == 3);
  CHECK(rig.indicator.lit);
  rig.run_for(2990);
  CHECK(rig.indicator.taken);
  CHECK(rig.indicator.changes == 12);
  rig.run_for(10);
  CHECK_FALSE(rig.indicator.taken);
  CHECK(rig.controller.identify("") == 5);
}

TEST_CASE("health tells faults, knowledge and uptime across the wrap of the clock") {
  Rig rig;
  rig.clock.now = 0xFFFFFFFF - 2500;
  rig.start();
  rig.run_for(7200);
  char health[240];
  rig.controller.write_health(health, sizeof health);
  CHECK(
      std::string(health) ==
      R"({"fault":0,"known":true,"calibrated":false,"claimed":false,"moves":0,"uptime":7,"reset":140,"free":40000,"dropped":0,"rssi":0,"run":0,"time":false})");
}

TEST_CASE("what was calibrated holds for the first move after a start") {
  Rig first;
  first.start();
  REQUIRE(first.controller.calibrate("4000,2000") == 0);
  Rig again(first.storage);
  again.start();
  again.controller.move("50");
  again.run_for(1995);
  CHECK(again.controller.moving());
  again.run_for(5);
  CHECK_FALSE(again.controller.moving());
}

TEST_CASE("a motor that does not obey at the start is told at once") {
  Rig rig;
  rig.driver.begins = false;
  rig.start();
  CHECK(rig.observer.events.back() == R"(fault {"fault":1,"text":"driver","position":0})");
}

TEST_CASE("whether it has an owner is not asked while something else is to be told") {
  Rig rig;
  rig.publisher.accepts = false;
  rig.start();
  rig.run_for(5000);
  CHECK(std::string(rig.publisher.memory[0].name) == "shade/boot");
  CHECK(std::string(rig.publisher.memory[1].name) == "");
}
