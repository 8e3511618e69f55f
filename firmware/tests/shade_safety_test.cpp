// What keeps a motor from harm whatever its driver does.
#include <doctest/doctest.h>

#include "safety_rig.h"

using namespace safety;

TEST_CASE("safety: before a motor has power, the journal says so and the watchdog runs") {
  Rig rig;
  rig.start();
  int runs = 0;
  rig.motor.on_run = [&] {
    ++runs;
    CHECK(rig.stored_in_motion());
    CHECK(rig.guard.log.back() == 'a');
  };
  rig.controller.move("40");
  rig.run_for(4100);
  CHECK_FALSE(rig.stored_in_motion());
  CHECK(rig.stored_position() == 4000);
  CHECK(rig.guard.log == "ad");
  // The other direction after a pause is a run of its own.
  rig.controller.move("80");
  rig.run_for(1000);
  rig.controller.move("10");
  CHECK(runs == 2);
  rig.run_for(600);
  CHECK(runs == 3);
}

TEST_CASE("safety: a loop that stands still from the very command on is watched") {
  Rig rig;
  rig.start();
  rig.controller.move("open");
  for (int tenth = 0; tenth < 150; ++tenth) {  // 15 s in the answer to the command, whose host does not read
    rig.clock.now += 100;
    rig.controller.watch();
    if (tenth == 7) CHECK(rig.motor.log() == "o");
    if (tenth == 11) CHECK(rig.motor.log() == "ok");
  }
  CHECK(rig.motor.log() == "ok");
  CHECK(rig.motor.ticks >= 130);  // a stop that is a message has its rounds
  rig.run_for(5);
  CHECK(rig.fault() == 14);
  CHECK_FALSE(rig.controller.known());
}

TEST_CASE("safety: what got power after the watchdog cut it is cut again") {
  Rig rig;
  rig.start();
  rig.controller.move("open");
  rig.clock.now += 1500;
  rig.controller.watch();
  CHECK(rig.motor.log() == "ok");
  rig.motor.on = true;  // the loop stood still within the call that gives power, and stands still again
  rig.clock.now += 100;
  rig.controller.watch();
  CHECK(rig.motor.log() == "okk");
}

TEST_CASE("safety: the permit line is kept up by a loop that goes round, and by no other") {
  Rig rig;
  rig.start();
  rig.controller.watch();
  CHECK(rig.guard.log == "");
  rig.controller.move("open");
  rig.run_for(300);
  rig.controller.watch();
  rig.controller.watch();
  CHECK(rig.guard.log == "arr");
  rig.clock.now += 2000;
  rig.controller.watch();
  CHECK(rig.guard.log == "arr");
}

TEST_CASE("safety: a held output keeps the guard up after the shade rests") {
  Rig rig;
  rig.start();
  rig.controller.move("40");
  rig.motor.on = true;
  rig.run_for(5000);
  CHECK_FALSE(rig.controller.moving());
  CHECK(rig.guard.log == "a");
  rig.clock.now += 1200;
  rig.controller.watch();
  CHECK(rig.motor.log() == "osk");
  rig.run_for(5);
  CHECK(rig.guard.log == "ad");
  CHECK(rig.fault() == 0);  // nothing moved
}

TEST_CASE("safety: nothing is published and no page erased while something moves") {
  Rig rig;
  rig.start();
  rig.run_for(2000);
  int published = rig.publisher.attempts, tidied = rig.storage.tidied;
  CHECK(published == 2);  // the start, and whether it has an owner
  CHECK(tidied > 0);
  rig.controller.move("open");
  rig.run_for(3000);
  rig.controller.move("close");
  rig.run_for(200);
  CHECK(rig.publisher.attempts == published);
  CHECK(rig.storage.tidied == tidied);
  rig.controller.move("stop");
  rig.run_for(2000);
  CHECK(rig.publisher.attempts > published);
  CHECK(rig.storage.tidied > tidied);
}

TEST_CASE("safety: while a stop is on its way to the motor the loop waits for nothing") {
  Rig rig;
  rig.start();
  rig.run_for(2000);
  rig.controller.move("open");
  rig.run_for(1000);
  rig.motor.seen.pending = true;
  rig.controller.move("stop");
  int published = rig.publisher.attempts;
  rig.run_for(500);
  CHECK(rig.publisher.attempts == published);
  CHECK(rig.stored_in_motion());  // it may still move
  // A loop that stands still now leaves a motor that runs on.
  rig.clock.now += 1200;
  rig.controller.watch();
  rig.motor.seen.pending = false;
  rig.run_for(5);
  CHECK_FALSE(rig.stored_in_motion());
  CHECK(rig.publisher.attempts > published);
}

TEST_CASE("safety: no leg takes longer than the longest, measured or timed") {
  Rig rig(kMeasured);
  rig.motor.seen.measured = 500;
  rig.start();
  rig.controller.move("95");
  uint32_t begun = rig.clock.now;
  // Always on its way: by 0.1 % a second it would take a quarter of an hour.
  for (int second = 0; second < 70 && rig.fault() == 0; ++second) {
    rig.motor.seen.measured += 20;
    rig.run_for(1000);
  }
  CHECK(rig.fault() == 16);
  CHECK(rig.clock.now - begun >= 59000);
  CHECK(rig.clock.now - begun <= 61000);
  CHECK(rig.motor.log().back() == 's');
}

TEST_CASE("safety: new aims do not prolong the longest leg") {
  Rig rig(kMeasured);
  rig.motor.seen.measured = 500;
  rig.start();
  for (int second = 0; second < 70 && rig.fault() == 0; ++second) {
    rig.controller.move(second % 2 ? "95" : "90");
    rig.motor.seen.measured += 20;
    rig.run_for(1000);
  }
  CHECK(rig.fault() == 16);
}

TEST_CASE("safety: a position that dithers makes no way") {
  for (bool opens : {true, false}) {
    Rig rig(kMeasured);
    rig.motor.seen.measured = 5000;
    rig.start();
    rig.controller.move(opens ? "90" : "10");
    uint32_t begun = rig.clock.now;
    for (int i = 0; i < 2000 && rig.motor.log().find('s') == std::string::npos; ++i) {
      rig.motor.seen.measured = 5000 + (i % 2 ? 4 : -4);
      rig.run_for(10);
    }
    CHECK(rig.clock.now - begun > 1500);
    CHECK(rig.clock.now - begun < 5000);
    rig.run_for(10000);
    CHECK(rig.fault() == 4);
  }
}

TEST_CASE("safety: a slow shade is no stall, and one that is at an end may stand") {
  Rig rig(kMeasured);
  rig.motor.seen.measured = 3000;
  rig.start();
  rig.controller.move("40");
  rig.travel(3900, 100);  // 1 % a second, between the slowest way there is and its half
  CHECK(rig.fault() == 0);
  rig.controller.move("close");
  rig.run_for(300);
  rig.travel(0, 1000);
  rig.run_for(4000);
  CHECK(rig.fault() == 0);
  CHECK(rig.controller.moving());
}

TEST_CASE("safety: what a closing shade meets gets free, and then it is a fault") {
  Rig rig(kMeasured);
  rig.motor.seen.measured = 5000;
  rig.start();
  rig.controller.move("10");
  rig.travel(4000, 1000);
  rig.motor.seen.fault = Fault::Stalled;
  rig.run_for(5);
  rig.motor.seen.fault = Fault::None;  // stop() clears it
  CHECK(rig.motor.log() == "cs");
  CHECK(rig.fault() == 0);
  CHECK(rig.controller.move("0") == shade::kFaulted);
  rig.run_for(300);
  CHECK(rig.motor.log() == "cso");
  CHECK(rig.motor.last.aim == 4400);
  rig.motor.seen.measured = 4400;
  rig.motor.seen.arrived = true;
  rig.run_for(5);
  CHECK(rig.fault() == 4);
  CHECK_FALSE(rig.controller.moving());
  CHECK(rig.motor.log().back() == 's');
}

TEST_CASE("safety: an opening shade, one without a position and a stopped way back do not back off") {
  SUBCASE("opening") {
    Rig rig(kMeasured);
    rig.motor.seen.measured = 5000;
    rig.start();
    rig.controller.move("90");
    rig.run_for(100);
    rig.motor.seen.fault = Fault::Stalled;
    rig.run_for(1000);
    CHECK(rig.motor.log() == "os");
    CHECK(rig.fault() == 4);
  }
  SUBCASE("without a position") {
    Rig rig(kMeasured);
    rig.motor.seen.measured = 5000;
    rig.motor.seen.lost = true;
    rig.start();
    rig.controller.move("10");
    rig.run_for(100);
    rig.motor.seen.fault = Fault::Stalled;
    rig.run_for(1000);
    CHECK(rig.motor.log() == "cs");
    CHECK(rig.fault() == 4);
  }
  SUBCASE("stopped on the way back") {
    Rig rig(kMeasured);
    rig.motor.seen.measured = 5000;
    rig.start();
    rig.controller.move("10");
    rig.run_for(100);
    rig.motor.seen.fault = Fault::Stalled;
    rig.run_for(5);
    rig.motor.seen.fault = Fault::None;
    rig.run_for(300);
    CHECK(rig.motor.log() == "cso");
    CHECK(rig.controller.move("stop") == shade::kFaulted);
    CHECK(rig.fault() == 4);
    CHECK(rig.controller.move("stop") >= 0);
    CHECK(rig.fault() == 0);
  }
  SUBCASE("another fault") {
    Rig rig(kMeasured);
    rig.motor.seen.measured = 5000;
    rig.start();
    rig.controller.move("10");
    rig.run_for(100);
    rig.motor.seen.fault = Fault::Encoder;
    rig.run_for(1000);
    CHECK(rig.motor.log() == "cs");
    CHECK(rig.fault() == 6);
  }
}

TEST_CASE("safety: the outputs are put at rest once, and before the start nothing is said of the shade") {
  struct Counted : Motor {
    using Motor::Motor;
    int begun = 0;
    bool begin() override {
      ++begun;
      return true;
    }
  };
  fakes::Clock clock;
  Counted motor(clock);
  Storage storage;
  fakes::Publisher publisher;
  fakes::Indicator indicator;
  fakes::Board board;
  fakes::Observer observer;
  shade::Controller controller(fakes::kIdentity,
                               {motor, clock, storage, publisher, indicator, board, nullptr, nullptr});
  CHECK(controller.fault() == Fault::None);
  CHECK_FALSE(controller.calibrated());
  CHECK_FALSE(controller.moving());
  CHECK(motor.begun == 0);
  controller.start_outputs();
  CHECK(motor.begun == 1);
  controller.begin(observer);
  controller.start_outputs();
  CHECK(motor.begun == 1);
}

TEST_CASE("safety: a loop that stood still at rest may move, and its second begins with the move") {
  Rig rig;
  rig.start();
  rig.clock.now += 1500;  // no round yet, or a long one: nothing moved
  rig.controller.move("open");
  rig.controller.watch();
  CHECK(rig.motor.log() == "o");
  rig.clock.now += 999;
  rig.controller.watch();
  CHECK(rig.motor.log() == "o");
  rig.run_for(5);
  CHECK(rig.fault() == 0);
  CHECK(rig.controller.moving());
}

TEST_CASE("safety: a start that finds everything in order writes nothing") {
  Rig first;
  first.start();
  first.controller.move("40");
  first.run_for(5000);
  Rig again(fakes::kIdentity, first.storage);
  int writes = again.storage.writes;
  again.start();
  again.run_for(5000);
  CHECK(again.storage.writes == writes);
}

TEST_CASE("safety: after a stall of the loop and a stop it moves as before") {
  Rig rig;
  rig.start();
  rig.controller.move("open");
  rig.clock.now += 1500;
  rig.controller.watch();
  rig.run_for(5);
  REQUIRE(rig.fault() == 14);
  REQUIRE(rig.controller.move("stop") >= 0);
  rig.run_for(1000);
  REQUIRE(rig.controller.move("close") == 0);
  size_t log = rig.motor.log().size();
  rig.run_for(100);
  rig.controller.watch();
  rig.run_for(100);
  CHECK(rig.fault() == 0);
  CHECK(rig.controller.moving());
  CHECK(rig.motor.log().size() == log);
}

TEST_CASE("safety: a held output keeps the loop from waiting even when its motor has a fault") {
  Rig rig;
  rig.start();
  rig.run_for(2000);
  rig.controller.move("open");
  rig.motor.on = true;
  rig.motor.seen.fault = Fault::NoAnswer;
  rig.run_for(5);
  rig.motor.seen.fault = Fault::None;
  REQUIRE(rig.fault() == 7);
  int published = rig.publisher.attempts;
  rig.run_for(3000);
  CHECK(rig.publisher.attempts == published);
  rig.motor.on = false;
  rig.run_for(3000);
  CHECK(rig.publisher.attempts > published);
}
