// A blind with two motors: each has its own position, journal, heat, faults and events.
#include <doctest/doctest.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "safety_rig.h"

using namespace safety;

namespace {

struct DueMotor : Motor {
  using Motor::Motor;
  uint32_t due = kNothingDue;
  uint32_t due_in(uint32_t) override { return due; }
};

// 200 ms between directions; 1000 counts up, 200 counts of tilt.
struct Blind {
  fakes::Clock clock;
  DueMotor lift{clock}, tilt{clock};
  Storage storage;
  fakes::Publisher publisher;
  fakes::Indicator indicator;
  fakes::Board board;
  fakes::Observer observer;
  Guard guard;
  shade::Controller controller;

  explicit Blind(const shade::Identity& identity = kMeasured)
      : controller(identity, {lift, clock, storage, publisher, indicator, board, &tilt, &guard}) {
    lift.seen.measured = 2000;
    tilt.seen.measured = 0;
  }
  explicit Blind(const Storage& stored) : Blind() { storage = stored; }
  void start() { controller.begin(observer); }
  void run_for(uint32_t ms) {
    for (uint32_t end = clock.now + ms; clock.now != end;) {
      clock.now += end - clock.now < 5 ? end - clock.now : 5;
      controller.tick();
    }
  }
  // As a motor that gets there at once and stops itself.
  void arrive(Motor& motor, int hundredths) {
    motor.seen.measured = hundredths;
    motor.seen.arrived = true;
    run_for(5);
    motor.seen.arrived = false;
  }
  shade::Settings stored() {
    shade::Settings settings = {};
    REQUIRE(shade::SettingsStore(storage).load(settings) == shade::SettingsStore::Found::Valid);
    return settings;
  }
  long published(const char* name) const {
    return std::count_if(publisher.events.begin(), publisher.events.end(),
                         [=](const fakes::Publisher::Event& event) { return event.name == name; });
  }
  std::string last() const { return observer.events.back(); }
  std::string health() {
    char text[240];
    controller.write_health(text, sizeof text);
    return text;
  }
};

}  // namespace

TEST_CASE("tilt: it moves by itself, is told by its own event, and arrives only where the travel is known") {
  Blind rig;
  rig.start();
  CHECK(rig.controller.has_tilt());
  CHECK(rig.controller.tilt("50") == 50);
  CHECK(rig.tilt.log() == "o");
  CHECK(rig.lift.log() == "");
  CHECK(rig.controller.moving());
  rig.run_for(50);
  CHECK(rig.stored().tilt.in_motion);
  CHECK_FALSE(rig.stored().lift.in_motion);
  rig.arrive(rig.tilt, 5000);
  CHECK_FALSE(rig.controller.moving());
  CHECK(rig.last() == R"(tilted {"tilt":50,"target":50,"cause":"assumed"})");
  CHECK(rig.controller.tilt_position() == 50);
  CHECK(rig.controller.position() == 20);
  CHECK(rig.stored().tilt.position == 5000);
  CHECK_FALSE(rig.stored().tilt.in_motion);
  CHECK(rig.stored().lift.position == 2000);
  rig.run_for(2000);
  CHECK(rig.published("shade/tilted") == 1);
  REQUIRE(rig.controller.calibrate("1000,200") == 0);
  rig.controller.tilt("30");
  rig.run_for(300);
  rig.arrive(rig.tilt, 3050);
  CHECK(rig.last() == R"(tilted {"tilt":31,"target":30,"cause":"arrived"})");
  CHECK(rig.health().find("\"moves\":2,") != std::string::npos);
  rig.controller.move("40");
  CHECK(rig.health().find("\"moves\":3,") != std::string::npos);
}

TEST_CASE("tilt: a variant without one refuses it, and stores it as known") {
  Rig rig;
  rig.start();
  CHECK_FALSE(rig.controller.has_tilt());
  CHECK(rig.controller.tilt("50") == -1);
  CHECK(rig.controller.known());
}

TEST_CASE("tilt: the drivers learn where they were left, and how long each way is") {
  Blind first;
  first.start();
  CHECK(first.lift.placed == std::pair<uint16_t, uint32_t>(0, 1000));
  CHECK(first.tilt.placed == std::pair<uint16_t, uint32_t>(0, 200));
  first.controller.tilt("70");
  first.run_for(20);
  first.arrive(first.tilt, 7000);
  REQUIRE(first.controller.calibrate("3000,400") == 0);
  CHECK(first.lift.placed == std::pair<uint16_t, uint32_t>(2000, 3000));
  CHECK(first.tilt.placed == std::pair<uint16_t, uint32_t>(7000, 400));
  Blind again(first.storage);
  again.start();
  CHECK(again.lift.placed == std::pair<uint16_t, uint32_t>(2000, 3000));
  CHECK(again.tilt.placed == std::pair<uint16_t, uint32_t>(7000, 400));
  CHECK(again.controller.known());
}

TEST_CASE("tilt: power lost while one of them moves makes that one's position a guess") {
  for (bool lift : {true, false}) {
    CAPTURE(lift);
    Blind first;
    first.start();
    lift ? first.controller.move("80") : first.controller.tilt("80");
    first.run_for(50);
    Blind again(first.storage);
    again.start();
    CHECK_FALSE(again.controller.known());
    again.controller.move("60");
    again.controller.tilt("60");
    // The one that is known goes straight there, the other over the closed end.
    CHECK(again.lift.last.aim == (lift ? 0 : 6000));
    CHECK(again.tilt.last.aim == (lift ? 6000 : 0));
    CHECK(again.lift.last.known != lift);
    CHECK(again.tilt.last.known == lift);
  }
}

TEST_CASE("tilt: a position that was not known when it was stored is not known after a start") {
  Blind first;
  first.start();
  first.tilt.seen.lost = true;
  first.run_for(5);
  first.controller.move("30");
  first.run_for(20);
  first.arrive(first.lift, 3000);
  CHECK_FALSE(first.stored().tilt.known);
  CHECK(first.stored().lift.known);
  Blind again(first.storage);
  again.start();
  again.controller.move("60");
  again.controller.tilt("60");
  CHECK(again.lift.last.aim == 6000);
  CHECK(again.tilt.last.aim == 0);
}

TEST_CASE("tilt: a halt stops both, each with its cause, and what rests is not touched") {
  Blind rig;
  rig.start();
  rig.controller.move("90");
  rig.controller.tilt("90");
  rig.run_for(50);
  size_t before = rig.observer.events.size();
  rig.controller.halt("reset");
  CHECK(rig.lift.log() == "os");
  CHECK(rig.tilt.log() == "os");
  REQUIRE(rig.observer.events.size() == before + 2);
  CHECK(rig.observer.events[before] == R"(moved {"position":20,"target":20,"cause":"reset"})");
  CHECK(rig.observer.events[before + 1] == R"(tilted {"tilt":0,"target":0,"cause":"reset"})");
  rig.run_for(300);
  rig.controller.tilt("60");
  rig.run_for(50);
  rig.controller.halt("update");
  CHECK(rig.lift.log() == "os");
  CHECK(rig.tilt.log() == "osos");
}

TEST_CASE("tilt: the watchdog cuts both, and only what moved has a fault") {
  Blind rig;
  rig.start();
  rig.controller.tilt("90");
  rig.run_for(50);
  rig.clock.now += 1300;
  rig.controller.watch();
  CHECK(rig.lift.log() == "k");
  CHECK(rig.tilt.log() == "ok");
  rig.run_for(5);
  CHECK(rig.tilt.log() == "oks");
  CHECK(rig.lift.log() == "k");
  CHECK(static_cast<int>(rig.controller.fault()) == 14);
  CHECK(rig.controller.move("30") == 30);
  CHECK(rig.controller.tilt("30") == shade::kFaulted);
  CHECK(rig.controller.tilt("stop") == 0);
  CHECK(rig.controller.fault() == Fault::None);
}

TEST_CASE("tilt: each motor has its own heat") {
  shade::Identity identity = kMeasured;
  identity.heat = {10000, 5};  // ten seconds
  Blind rig(identity);
  rig.start();
  rig.controller.tilt("open");
  for (int second = 0; second < 9; ++second) {
    rig.run_for(1000);
    rig.tilt.seen.measured += 1000;
  }
  CHECK(rig.controller.tilt("95") == 95);
  rig.run_for(1000);
  CHECK(rig.controller.tilt("open") == -6);
  CHECK(rig.controller.move("open") == 100);
  CHECK(rig.stored().tilt.heat == 10);
  CHECK(rig.stored().lift.heat == 0);
  CHECK(rig.health().find("\"run\":10,") != std::string::npos);
  // Not before a quarter more is what runs stopped.
  for (int second = 0; second < 2; ++second) {
    rig.tilt.seen.measured += 200;
    rig.run_for(1000);
    CHECK(rig.controller.fault() == Fault::None);
  }
  rig.run_for(600);
  CHECK(static_cast<int>(rig.controller.fault()) == 17);
  CHECK(rig.tilt.log() == "os");
  CHECK(rig.lift.log() == "o");
}

TEST_CASE("tilt: what is due sooner counts") {
  Blind rig;
  rig.start();
  rig.lift.due = 700;
  rig.tilt.due = 300;
  CHECK(rig.controller.due_in() == 300);
  rig.tilt.due = 900;
  CHECK(rig.controller.due_in() == 700);
}

TEST_CASE("tilt: the guard stays up until neither is active") {
  Blind rig;
  rig.start();
  rig.controller.tilt("50");
  CHECK(rig.controller.active());
  rig.controller.move("50");
  rig.run_for(20);
  rig.arrive(rig.lift, 5000);
  rig.run_for(500);
  CHECK(rig.guard.log == "a");
  rig.arrive(rig.tilt, 5000);
  rig.run_for(5);
  CHECK(rig.guard.log == "ad");
  CHECK_FALSE(rig.controller.active());
  rig.tilt.seen.pending = true;
  CHECK(rig.controller.active());
  rig.tilt.seen.pending = false;
  rig.tilt.on = true;
  CHECK(rig.controller.active());
}

TEST_CASE("tilt: a motor that nothing reaches does not keep its fault from being told, one that moves does") {
  Blind rig;
  rig.start();
  rig.run_for(2000);
  size_t published = rig.publisher.events.size();
  rig.controller.tilt("50");
  rig.run_for(20);
  rig.tilt.seen.pending = true;
  rig.tilt.seen.fault = Fault::NoAnswer;
  rig.run_for(5);
  rig.tilt.seen.fault = Fault::None;
  CHECK(static_cast<int>(rig.controller.fault()) == 7);
  rig.run_for(2000);
  CHECK(rig.publisher.events.size() > published);
  published = rig.publisher.events.size();
  rig.controller.move("60");  // the other motor needs the loop
  rig.run_for(2000);
  CHECK(rig.publisher.events.size() == published);
  rig.controller.move("stop");
  rig.run_for(2000);
  CHECK(rig.publisher.events.size() > published);
  CHECK(rig.stored().tilt.in_motion);
  rig.tilt.seen.pending = false;
  rig.run_for(5);
  CHECK_FALSE(rig.stored().tilt.in_motion);
}

TEST_CASE("tilt: a group's command tilts, and its driver that does not begin is a fault") {
  Blind rig;
  rig.tilt.begins = false;
  rig.start();
  CHECK(static_cast<int>(rig.controller.fault()) == 1);
  REQUIRE(rig.controller.tilt("stop") == 0);
  REQUIRE(rig.controller.groups("south") == 0);
  rig.controller.addressed("shade/to/south", "tally50");
  CHECK(rig.tilt.log().find_first_of("oc") == std::string::npos);
  rig.controller.addressed("shade/to/south", "tilt stop");
  rig.run_for(300);
  const char data[32] = "tilt 100";  // and nothing behind it
  rig.controller.addressed("shade/to/south", data);
  CHECK(rig.tilt.last.aim == 10000);
}

TEST_CASE("tilt: one that goes by time takes the times of the calibration") {
  shade::Identity identity = fakes::kIdentity;  // 10 s up, 8 s down
  Blind rig(identity);
  rig.tilt.seen.measured = -1;
  rig.start();
  for (auto [travel, opens, closes] : {std::tuple{"reset", 5000, 2000}, {"4000,2000", 2000, 500}}) {
    CAPTURE(travel);
    REQUIRE(rig.controller.calibrate(travel) == 0);
    rig.controller.tilt("close");
    while (rig.controller.moving()) rig.run_for(5);
    for (auto [target, ms] : {std::pair{"50", opens}, {"25", closes}}) {
      rig.run_for(1000);
      rig.controller.tilt(target);
      rig.run_for(static_cast<uint32_t>(ms - 5));
      CHECK(rig.controller.moving());
      rig.run_for(5);
      CHECK_FALSE(rig.controller.moving());
    }
  }
}

TEST_CASE("tilt: on the board of another variant neither motor is touched") {
  shade::Identity other = kMeasured;
  other.variant = "other";
  Rig first(other);
  first.start();
  Blind rig(first.storage);
  rig.start();
  rig.run_for(1000);
  CHECK(static_cast<int>(rig.controller.fault()) == 18);
  CHECK(rig.controller.tilt("50") == shade::kFaulted);
  CHECK(rig.lift.ticks == 0);
  CHECK(rig.tilt.ticks == 0);
  CHECK(rig.tilt.log() == "");
}

TEST_CASE("tilt: its heat is kept over a start, and the lift's move is told by its own event") {
  shade::Identity identity = kMeasured;
  identity.heat = {10000, 5};  // ten seconds
  Blind first(identity);
  first.start();
  first.controller.tilt("open");
  for (int second = 0; second < 10; ++second) {
    first.run_for(1000);
    first.tilt.seen.measured += 900;
  }
  first.arrive(first.tilt, 10000);
  Blind again(identity);
  again.storage = first.storage;
  again.tilt.seen.measured = 10000;
  again.start();
  CHECK(again.controller.tilt("50") == -6);
  CHECK(again.controller.move("90") == 90);
  again.run_for(20);
  again.arrive(again.lift, 9000);
  again.run_for(2000);
  CHECK(again.published("shade/moved") == 1);
  CHECK(again.published("shade/tilted") == 0);
}
