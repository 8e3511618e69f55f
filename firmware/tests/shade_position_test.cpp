// When a position is known, and what is stored of it.
#include <doctest/doctest.h>

#include "safety_rig.h"

using namespace safety;

TEST_CASE("safety: a loop that stood still while the stop was on its way does not know the position") {
  Rig rig;
  rig.start();
  rig.controller.move("open");
  rig.run_for(1000);
  rig.motor.seen.pending = true;
  rig.controller.move("stop");
  rig.clock.now += 1200;
  rig.controller.watch();
  rig.run_for(5);
  CHECK(rig.fault() == 14);
  CHECK_FALSE(rig.controller.known());
}

TEST_CASE("safety: a shade moves until it stands, and the journal holds where") {
  Rig rig(kMeasured);
  rig.motor.seen.measured = 1000;
  rig.start();
  rig.controller.move("40");
  rig.travel(4000, 1000);
  rig.motor.seen.coasting = true;
  rig.motor.seen.arrived = true;
  rig.run_for(50);
  CHECK(rig.controller.moving());
  CHECK(rig.stored_in_motion());
  rig.motor.seen.measured = 4120;
  rig.run_for(50);
  rig.motor.seen.coasting = false;
  rig.run_for(5);
  CHECK_FALSE(rig.controller.moving());
  CHECK_FALSE(rig.stored_in_motion());
  CHECK(rig.stored_position() == 4120);
  CHECK(rig.observer.events.back() == R"(moved {"position":41,"target":40,"cause":"assumed"})");
}

TEST_CASE("safety: nothing runs before the motor stands") {
  Rig rig(kMeasured);
  rig.motor.seen.measured = 1000;
  rig.start();
  rig.controller.move("40");
  rig.run_for(100);
  rig.motor.seen.coasting = true;
  rig.controller.move("stop");
  CHECK(rig.controller.move("close") == 0);
  rig.run_for(1000);
  CHECK(rig.motor.log() == "os");
  rig.motor.seen.coasting = false;
  rig.run_for(300);
  CHECK(rig.motor.log() == "osc");
}

TEST_CASE("safety: a motor that goes on turning without power is a fault") {
  Rig rig(kMeasured);
  rig.motor.seen.measured = 1000;
  rig.start();
  rig.controller.move("40");
  rig.run_for(100);
  rig.motor.seen.coasting = true;
  rig.controller.move("stop");
  rig.run_for(3000);
  CHECK(rig.fault() == 0);
  rig.run_for(7000);
  CHECK(rig.fault() == 13);
}

TEST_CASE("safety: what may have lost steps goes over an end") {
  Rig rig(kMeasured);
  rig.motor.seen.measured = 5000;
  rig.start();
  rig.motor.seen.lost = true;
  rig.run_for(5);
  CHECK_FALSE(rig.controller.known());
  rig.motor.seen.lost = false;
  rig.controller.move("40");
  CHECK(rig.motor.last.aim == 0);
  CHECK_FALSE(rig.motor.last.known);
}

TEST_CASE("safety: a shade that leaves its end by itself is anywhere") {
  Rig rig;
  rig.motor.senses = true;
  rig.motor.seen.at_closed = true;
  rig.start();
  rig.run_for(1000);
  CHECK(rig.controller.known());
  rig.motor.seen.at_closed = false;
  rig.run_for(5);
  CHECK_FALSE(rig.controller.known());
  rig.motor.seen.at_open = true;
  rig.run_for(5);
  CHECK(rig.controller.known());
  CHECK(rig.controller.position() == 100);
}
