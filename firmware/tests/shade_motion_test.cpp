#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "shade_fakes.h"

using fakes::Clock;
using fakes::Driver;
using shade::Motion;

namespace {

struct Fixture {
  Clock clock;
  Driver driver{clock};
  Motion motion{driver, clock, {500, 10}, {10000, 8000}};

  void run_for(uint32_t ms) {
    for (uint32_t i = 0; i < ms; ++i) {
      ++clock.now;
      motion.tick();
    }
  }
};

}  // namespace

TEST_CASE("a target is reached in the time its part of the travel takes") {
  Fixture f;
  CHECK(f.motion.move_to(40) == 40);
  f.run_for(3999);
  CHECK(f.motion.moving());
  CHECK(f.motion.position() == 40);
  f.run_for(1);
  CHECK_FALSE(f.motion.moving());
  CHECK(f.motion.hundredths() == 4000);
  CHECK(f.driver.log() == "os");
}

TEST_CASE("time counts from when the motor was switched, and tells nothing when that took too long") {
  Fixture f;
  f.driver.held_up_ms = 20;
  f.motion.move_to(40);
  f.run_for(3980);
  CHECK(f.motion.hundredths() == 3980);
  f.run_for(20);
  CHECK(f.motion.hundredths() == 4020);  // it ran while it was being stopped
  CHECK(f.motion.known());
  f.driver.held_up_ms = 21;
  f.motion.move_to(60);
  CHECK_FALSE(f.motion.known());
}

TEST_CASE("a stop that took too long leaves the position unknown, unless it is measured") {
  Fixture f;
  f.motion.move_to(40);
  f.run_for(1000);
  f.driver.held_up_ms = 600;
  SUBCASE("timed") {
    CHECK(f.motion.stop() == 16);
    CHECK_FALSE(f.motion.known());
  }
  SUBCASE("measured") {
    f.driver.seen.measured = 1234;
    CHECK(f.motion.stop() == 12);
    CHECK(f.motion.known());
  }
}

TEST_CASE("a command that reaches the motor late leaves the position unknown") {
  Fixture f;
  f.motion.move_to(40);
  f.driver.seen.late = true;
  f.run_for(1);
  CHECK_FALSE(f.motion.known());
}

TEST_CASE("the position is estimated while moving") {
  Fixture f;
  f.motion.move_to(100);
  f.run_for(2500);
  CHECK(f.motion.position() == 25);
  CHECK(f.motion.target() == 100);
  CHECK(f.motion.duty() == 100);  // what a driver that says nothing of it gives
}

TEST_CASE("an end gets its overrun and no stop key") {
  Fixture f;
  f.motion.move_to(100);
  f.run_for(10000);
  CHECK(f.motion.position() == 100);
  CHECK(f.motion.moving());
  f.run_for(1000);
  CHECK_FALSE(f.motion.moving());
  CHECK(f.driver.log() == "oe");
}

TEST_CASE("an end is driven to even from there, a place in between is not") {
  Fixture f;
  CHECK(f.motion.move_to(0) == 0);
  CHECK(f.motion.moving());
  f.run_for(800);
  CHECK_FALSE(f.motion.moving());
  CHECK(f.driver.log() == "ce");
  f.motion.set_position(4000, true);
  CHECK(f.motion.move_to(40) == 40);
  CHECK_FALSE(f.motion.moving());
}

TEST_CASE("stop holds the shade where it is") {
  Fixture f;
  f.motion.move_to(100);
  f.run_for(3000);
  CHECK(f.motion.stop() == 30);
  CHECK(f.motion.target() == 30);
  CHECK_FALSE(f.motion.moving());
  CHECK(f.motion.stop() == 30);
  CHECK(f.driver.log() == "os");  // the second stop presses no key
}

TEST_CASE("between opposite directions the motor rests for the dead time") {
  Fixture f;
  f.motion.move_to(100);
  f.run_for(5000);
  CHECK(f.motion.move_to(10) == 10);
  CHECK(f.motion.moving());
  f.run_for(499);
  CHECK(f.driver.log() == "os");
  f.run_for(1);
  CHECK(f.driver.log() == "osc");
  CHECK(f.driver.acts[2].at - f.driver.acts[1].at == 500);
  f.run_for(3200);
  CHECK(f.motion.hundredths() == 1000);
  CHECK_FALSE(f.motion.moving());
}

TEST_CASE("the dead time also holds after a stop") {
  Fixture f;
  f.motion.move_to(100);
  f.run_for(5000);
  f.motion.stop();
  f.run_for(100);
  f.motion.move_to(0);
  CHECK(f.driver.log() == "os");
  f.run_for(400);
  CHECK(f.driver.log() == "osc");
}

TEST_CASE("a stop during the dead time leaves the motor at rest") {
  Fixture f;
  f.motion.move_to(100);
  f.run_for(5000);
  f.motion.move_to(0);
  CHECK(f.motion.stop() == 50);
  CHECK_FALSE(f.motion.moving());
  f.run_for(2000);
  CHECK(f.driver.log() == "os");
}

TEST_CASE("a new target ahead is reached without stopping") {
  Fixture f;
  f.motion.move_to(40);
  f.run_for(2000);
  CHECK(f.motion.move_to(80) == 80);
  f.run_for(6000);
  CHECK(f.motion.hundredths() == 8000);
  CHECK(f.driver.log() == "os");
}

TEST_CASE("timed travel survives the wrap of the clock") {
  Fixture f;
  f.clock.now = 0xFFFFFFFF - 1999;
  f.motion.move_to(50);
  f.run_for(4000);
  CHECK(f.motion.position() == 40);
  f.run_for(1000);
  CHECK_FALSE(f.motion.moving());
  CHECK(f.motion.hundredths() == 5000);
}

TEST_CASE("a late loop is seen in the position") {
  Fixture f;
  f.motion.move_to(40);
  f.clock.now += 4500;
  f.motion.tick();
  CHECK(f.motion.position() == 45);
  CHECK(f.motion.target() == 40);
}

TEST_CASE("with an unknown position the way leads over the closed end") {
  Fixture f;
  f.motion.set_position(3000, false);
  CHECK(f.motion.move_to(50) == 50);
  f.run_for(8000 + 800);
  CHECK(f.driver.log() == "ce");
  CHECK(f.motion.known());
  f.run_for(500 + 5000);
  CHECK(f.driver.log() == "ceos");
  CHECK(f.motion.hundredths() == 5000);
}

TEST_CASE("with an unknown position an end takes the full travel") {
  Fixture f;
  f.motion.set_position(9000, false);
  f.motion.move_to(100);
  f.run_for(10999);
  CHECK(f.motion.moving());
  f.run_for(1);
  CHECK_FALSE(f.motion.moving());
  CHECK(f.motion.known());
}

TEST_CASE("a driver that does not run is a fault, and stop clears it once it obeys") {
  Fixture f;
  f.driver.runs = false;
  CHECK(f.motion.move_to(100) == shade::kFaulted);
  CHECK((f.motion.fault() != shade::Fault::None));
  CHECK_FALSE(f.motion.moving());
  f.driver.runs = true;
  CHECK(f.motion.move_to(100) == shade::kFaulted);
  f.driver.stops = false;
  CHECK(f.motion.stop() == shade::kFaulted);
  f.driver.stops = true;
  CHECK(f.motion.stop() == 0);
  CHECK_FALSE((f.motion.fault() != shade::Fault::None));
  CHECK_FALSE(f.motion.known());
  CHECK(f.motion.move_to(100) == 100);
}

TEST_CASE("a driver that does not stop is a fault") {
  Fixture f;
  f.driver.stops = false;
  f.motion.move_to(40);
  f.run_for(4000);
  CHECK((f.motion.fault() != shade::Fault::None));
  CHECK_FALSE(f.motion.moving());
}

TEST_CASE("due_in tells when the next switching is due") {
  Fixture f;
  CHECK(f.motion.due_in() == shade::Driver::kNothingDue);
  f.motion.move_to(10);
  CHECK(f.motion.due_in() == 1000);
  f.run_for(400);
  CHECK(f.motion.due_in() == 600);
}

TEST_CASE("random commands: never against the running direction, never without dead time, position within bounds") {
  std::mt19937 random(20001);
  bool beyond = false;
  for (int run = 0; run < 40; ++run) {
    Fixture f;
    f.clock.now = random();
    f.motion.set_position(random() % 10001, random() % 4 != 0);
    double real = f.motion.hundredths();  // what a shade would do that starts and stops at once
    char state = 's';
    size_t seen = 0;
    bool exact = f.motion.known();
    for (int step = 0; step < 60; ++step) {
      if (random() % 4 == 0) {
        f.motion.stop();
      } else {
        f.motion.move_to(random() % 101);
      }
      for (uint32_t ms = random() % 3000; ms > 0; --ms) {
        f.run_for(1);
        if (state == 'o') real = std::min(10000.0, real + 1.0);
        if (state == 'c') real = std::max(0.0, real - 1.25);
        for (; seen < f.driver.acts.size(); ++seen)
          state = f.driver.acts[seen].what == 'e' ? 's' : f.driver.acts[seen].what;
        beyond |= f.motion.hundredths() > 10000;
      }
    }
    char running = 's';
    char last_direction = 's';
    uint32_t stopped_at = 0;
    for (const auto& act : f.driver.acts) {
      if (act.what == 'o' || act.what == 'c') {
        REQUIRE(running == 's');
        if (last_direction != 's' && last_direction != act.what) REQUIRE(act.at - stopped_at >= 500);
        running = last_direction = act.what;
      } else {
        running = 's';
        stopped_at = act.at;
      }
    }
    if (exact) CHECK(std::abs(real - f.motion.hundredths()) < 200);
  }
  CHECK_FALSE(beyond);
}
