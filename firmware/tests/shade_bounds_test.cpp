// Where one thing ends and the next begins, to the millisecond and the hundredth; all numbers are worked out by hand
// from the rules of the fixture and the words of docs/hazards.md.
#include <doctest/doctest.h>

#include "safety_rig.h"
#include "shade/guard.h"

using namespace safety;
using shade::Motion;

namespace {

struct Driver : Motor {
  using Motor::Motor;
  uint32_t due = kNothingDue;
  bool ends = true;
  uint32_t due_in(uint32_t) override { return due; }
  bool at_end() override {
    act('e', true);
    return ends;
  }
};

// 10 s up, 8 s down, half a second between directions, a tenth more at the ends; no leg over a minute.
struct Bounds {
  fakes::Clock clock;
  Driver driver{clock};
  Motion motion;

  explicit Bounds(const shade::MotionRules& rules = {500, 10, 4, 60000})
      : motion(driver, clock, rules, {10000, 8000}) {}
  void run_for(uint32_t ms) {
    for (uint32_t i = 0; i < ms; ++i) {
      ++clock.now;
      motion.tick();
    }
  }
  int fault() const { return static_cast<int>(motion.fault()); }
};

}  // namespace

TEST_CASE("bounds: what is measured counts, from 0 to 100 per cent and not beyond") {
  Bounds f;
  f.motion.set_position(3000, true);
  for (int measured : {0, 1, 9999, 10000}) {
    f.driver.seen.measured = measured;
    CHECK(f.motion.hundredths() == measured);
  }
  f.driver.seen.measured = 10700;
  CHECK(f.motion.hundredths() == 10000);
  f.driver.seen.measured = 0;
  f.driver.seen.late = true;  // says nothing where the position does not go by time
  f.run_for(1);
  CHECK(f.motion.known());
}

TEST_CASE("bounds: per cent are rounded") {
  Bounds f;
  f.motion.set_position(4949, true);
  CHECK(f.motion.target() == 49);
  CHECK(f.motion.position() == 49);
  f.motion.set_position(4950, true);
  CHECK(f.motion.target() == 50);
  CHECK(f.motion.position() == 50);
}

TEST_CASE("bounds: the estimate stays within the way, in the overrun too") {
  Bounds f;
  f.motion.move_to(100);
  f.run_for(10500);
  CHECK(f.motion.hundredths() == 10000);
  f.run_for(500);
  f.motion.move_to(0);
  f.run_for(500 + 4000);
  CHECK(f.motion.hundredths() == 5000);
  f.run_for(4400);
  CHECK(f.motion.hundredths() == 0);
  CHECK(f.motion.moving());
  f.run_for(400);
  CHECK_FALSE(f.motion.moving());
}

TEST_CASE("bounds: a tenth of a per cent in three seconds is way made, less is a stall") {
  for (bool opens : {true, false}) {
    CAPTURE(opens);
    Bounds f;
    f.driver.seen.measured = 5000;
    f.motion.move_to(opens ? 90 : 10);
    for (int i = 0; i < 5; ++i) {
      f.run_for(2999);
      f.driver.seen.measured += opens ? 10 : -10;
      f.run_for(1);
      REQUIRE(f.fault() == 0);
    }
    f.driver.seen.measured += opens ? 9 : -9;
    f.run_for(2999);
    CHECK(f.fault() == 0);
    CHECK(f.driver.log() == (opens ? "o" : "c"));
    f.run_for(1);
    CHECK(f.driver.log() == (opens ? "os" : "cs"));
  }
}

TEST_CASE("bounds: within a per cent of an end a shade may stand, farther away it may not") {
  for (int measured : {100, 101, 9899, 9900}) {
    CAPTURE(measured);
    Bounds f;
    f.driver.seen.measured = measured;
    f.motion.move_to(50);
    f.run_for(5000);
    CHECK((f.driver.log().size() == 1) == (measured == 100 || measured == 9900));
  }
}

TEST_CASE("bounds: the longest leg is over after its minute") {
  Bounds f;
  f.driver.seen.measured = 200;
  f.motion.move_to(90);
  for (int i = 0; i < 59; ++i) {
    f.run_for(1000);
    f.driver.seen.measured += 100;
  }
  f.run_for(999);
  CHECK(f.fault() == 0);
  f.run_for(1);
  CHECK(f.fault() == 16);
}

TEST_CASE("bounds: a motor may turn for five seconds without power") {
  Bounds f;
  f.driver.seen.measured = 2000;
  f.motion.move_to(90);
  f.run_for(100);
  f.driver.seen.coasting = true;
  f.motion.stop();
  f.run_for(4999);
  CHECK(f.fault() == 0);
  CHECK(f.motion.moving());
  f.run_for(1);
  CHECK(f.fault() == 13);
}

TEST_CASE("bounds: a shade that backs off does so by its share, to the open end at most") {
  for (auto [from, to] : {std::pair{5000, 54}, {9500, 99}, {9600, 100}, {9700, 100}}) {
    CAPTURE(from);
    Bounds f;
    f.driver.seen.measured = from;
    f.motion.move_to(10);
    f.driver.seen.fault = Fault::Stalled;
    f.run_for(1);
    f.driver.seen.fault = Fault::None;
    CHECK(f.motion.target() == to);
    f.run_for(500);
    CHECK(f.driver.log() == "cso");
    CHECK(f.driver.last.aim == to * 100);
  }
  Bounds none({500, 10});  // a variant without it
  none.driver.seen.measured = 5000;
  none.motion.move_to(10);
  none.driver.seen.fault = Fault::Stalled;
  none.run_for(600);
  CHECK(none.fault() == 4);
  CHECK(none.driver.log() == "cs");
}

TEST_CASE("bounds: what is due next, running, resting and in between") {
  Bounds f;
  CHECK(f.motion.due_in() == shade::Driver::kNothingDue);
  f.driver.due = 77;
  CHECK(f.motion.due_in() == 77);
  f.motion.move_to(50);
  f.driver.due = 6000;
  CHECK(f.motion.due_in() == 5000);
  f.clock.now += 4999;
  CHECK(f.motion.due_in() == 1);
  f.clock.now += 1;
  CHECK(f.motion.due_in() == 0);
  f.clock.now += 1;
  CHECK(f.motion.due_in() == 0);
  for (int measured : {0, 1000}) {
    f.driver.seen.measured = measured;  // time ends no measured leg
    CHECK(f.motion.due_in() == 6000);
  }
  f.driver.seen.measured = -1;
  f.motion.stop();
  f.motion.move_to(0);
  REQUIRE(f.driver.log() == "os");
  f.clock.now += 200;
  CHECK(f.motion.due_in() == 300);
  f.clock.now += 300;
  CHECK(f.motion.due_in() == 0);
  f.clock.now += 100;
  CHECK(f.motion.due_in() == 0);
}

TEST_CASE("bounds: moves are counted, but not what moves nothing") {
  Bounds f;
  f.motion.set_position(4000, true);
  CHECK(f.motion.move_to(40) == 40);
  CHECK(f.motion.moves() == 0);
  f.motion.move_to(60);
  f.motion.move_to(70);
  CHECK(f.motion.moves() == 2);
  CHECK(f.motion.duty() == 100);
  f.driver.power = 37;
  CHECK(f.motion.duty() == 37);
  f.motion.stop();
  CHECK(f.motion.duty() == 0);
  // Without an overrun an end is not driven to from there.
  Bounds exact({500, 0});
  CHECK(exact.motion.move_to(0) == 0);
  CHECK_FALSE(exact.motion.moving());
  CHECK(exact.motion.moves() == 0);
  exact.motion.set_position(0, false);
  CHECK(exact.motion.move_to(0) == 0);
  CHECK(exact.motion.moving());
}

TEST_CASE("bounds: a command in the dead time counts, and the same direction needs none") {
  Bounds f;
  f.motion.move_to(100);
  f.run_for(5000);
  f.motion.move_to(10);
  f.run_for(100);
  CHECK(f.motion.move_to(80) == 80);
  f.run_for(399);
  CHECK(f.driver.log() == "os");
  f.run_for(1 + 3000);
  CHECK(f.driver.log() == "osos");
  CHECK(f.motion.position() == 80);
  f.motion.move_to(90);
  CHECK(f.driver.log() == "ososo");
  // A target that is reached by the stop alone is not driven to.
  Bounds there;
  there.motion.move_to(100);
  there.run_for(5000);
  there.motion.move_to(20);
  there.motion.move_to(50);
  there.run_for(600);
  CHECK_FALSE(there.motion.moving());
  CHECK(there.driver.log() == "os");
}

TEST_CASE("bounds: after a fault the dead time holds as after a stop") {
  Bounds f;
  f.motion.move_to(100);
  f.run_for(2000);
  f.driver.seen.fault = Fault::Driver;
  f.run_for(1);
  f.driver.seen.fault = Fault::None;
  CHECK(f.fault() == 1);
  CHECK(f.motion.target() == 20);
  f.run_for(100);
  CHECK(f.motion.stop() == 20);
  f.motion.move_to(0);
  f.run_for(399);
  CHECK(f.driver.log().find('c') == std::string::npos);
  f.run_for(1);
  CHECK(f.driver.log().back() == 'c');
}

TEST_CASE("bounds: an end met in between is turned from once, not again and again") {
  Bounds f;
  f.driver.senses = true;
  f.motion.move_to(50);
  f.run_for(1000);
  f.driver.seen.at_open = true;
  f.run_for(1);
  CHECK(f.motion.position() == 100);
  CHECK(f.motion.moving());
  f.run_for(500);
  f.driver.seen.at_open = false;
  CHECK(f.driver.log() == "oec");
  f.run_for(1000);
  f.driver.seen.at_closed = true;
  f.run_for(1);
  CHECK_FALSE(f.motion.moving());
  CHECK(f.motion.position() == 0);
  f.run_for(2000);
  CHECK(f.driver.log() == "oece");
  // The next command may turn once more.
  f.motion.move_to(50);
  f.driver.seen.at_closed = false;
  f.run_for(500);
  f.driver.seen.at_open = true;
  f.run_for(1);
  CHECK(f.motion.moving());
}

TEST_CASE("bounds: only the end ahead is met") {
  Bounds f;
  f.driver.senses = true;
  f.driver.seen.at_closed = true;
  f.run_for(1);
  f.motion.move_to(100);
  f.run_for(1000);
  CHECK(f.driver.log() == "o");
  CHECK(f.motion.moving());
}

TEST_CASE("bounds: a driver that does not take the end is a fault, whatever else it says") {
  Bounds f;
  f.driver.ends = false;
  f.motion.move_to(100);
  f.run_for(11000);
  CHECK(f.fault() == 1);
  CHECK_FALSE(f.motion.known());
  Bounds begins;
  begins.driver.begins = false;
  begins.motion.begin();
  CHECK(begins.fault() == 1);
  begins.driver.seen.fault = Fault::NoAnswer;
  begins.motion.begin();
  CHECK(begins.fault() == 7);
}

TEST_CASE("bounds: doubt holds for the move it was found in") {
  Bounds f;
  f.driver.seen.measured = 1000;
  for (bool doubtful : {true, false}) {
    f.motion.move_to(doubtful ? 40 : 60);
    f.run_for(10);
    f.driver.seen.measured = doubtful ? 4000 : 6000;
    f.driver.seen.arrived = true;
    f.driver.seen.doubtful = doubtful;
    f.run_for(1);
    f.driver.seen.arrived = false;
    CHECK(f.motion.doubtful() == doubtful);
  }
}

TEST_CASE("bounds: at rest a certain position is taken, and a sensed end unless both are") {
  Bounds f;
  f.motion.set_position(3000, false);
  f.driver.seen.at_open = true;
  for (int measured : {0, 4200}) {
    f.driver.seen.measured = measured;
    f.run_for(1);
    CHECK_FALSE(f.motion.known());
    CHECK(f.motion.hundredths() == measured);  // whatever a switch says
  }
  f.driver.seen.absolute = true;
  f.run_for(1);
  CHECK(f.motion.known());
  CHECK(f.motion.target() == 42);
  Bounds timed;
  timed.motion.set_position(3000, true);
  timed.driver.seen.at_open = timed.driver.seen.at_closed = true;
  timed.run_for(1);
  CHECK(timed.motion.position() == 30);
  timed.driver.seen.at_open = false;
  timed.run_for(1);
  CHECK(timed.motion.position() == 0);
  CHECK(timed.motion.target() == 0);
  // With a fault nothing is believed.
  Bounds faulty;
  faulty.motion.set_position(3000, true);
  faulty.motion.fail(Fault::Stalled);
  faulty.driver.seen.at_open = true;
  faulty.run_for(1);
  CHECK(faulty.motion.position() == 30);
  CHECK_FALSE(faulty.motion.known());
  faulty.motion.set_position(5000, true);
  CHECK_FALSE(faulty.motion.known());
}

TEST_CASE("bounds: a disconnected motor is not asked, and its position is a guess") {
  Bounds f;
  f.motion.set_position(3000, true);
  f.motion.disconnect();
  f.driver.seen.measured = 7000;
  CHECK(f.motion.hundredths() == 3000);
  CHECK_FALSE(f.motion.known());
  CHECK(f.motion.due_in() == shade::Driver::kNothingDue);
  f.motion.begin();
  CHECK(f.fault() == 0);
  CHECK(f.motion.move_to(100) == 100);
  f.run_for(11000);
  CHECK(f.fault() == 0);
  CHECK(f.driver.acts.empty());
  f.motion.move_to(50);
  CHECK(f.motion.stop() == 100);
  f.run_for(1000);
  f.motion.move_to(50);
  f.run_for(1000);
  CHECK(f.motion.stop() >= 0);
  CHECK(f.fault() == 0);
  CHECK_FALSE(f.motion.powered());
}

TEST_CASE("bounds: what is new is closed, known and at rest, and starts at once") {
  Bounds f;
  f.clock.now = 100;
  CHECK(f.motion.target() == 0);
  CHECK(f.motion.hundredths() == 0);
  CHECK(f.motion.known());
  CHECK_FALSE(f.motion.moving());
  CHECK_FALSE(f.motion.doubtful());
  CHECK(f.motion.moves() == 0);
  f.motion.move_to(100);
  CHECK(f.driver.log() == "o");
}

TEST_CASE("bounds: a shade that was moved from its end rests where it was moved to") {
  Bounds f;
  f.driver.seen.at_closed = true;
  f.run_for(1);
  f.motion.move_to(50);
  f.run_for(100);
  f.driver.seen.at_closed = false;
  f.run_for(4900 + 1000);
  CHECK_FALSE(f.motion.moving());
  CHECK(f.motion.known());
  CHECK(f.motion.position() == 50);
}

TEST_CASE("bounds: the dead time begins anew with a fault that is found at rest") {
  Bounds f;
  f.motion.move_to(50);
  f.run_for(5000 + 2000);
  f.driver.seen.fault = Fault::Overrun;
  f.run_for(1);
  f.driver.seen.fault = Fault::None;
  REQUIRE(f.fault() == 13);
  f.run_for(100);
  CHECK(f.motion.stop() == 50);
  f.motion.move_to(0);
  f.run_for(399);
  CHECK(f.driver.log().find('c') == std::string::npos);
  f.run_for(1);
  CHECK(f.driver.log().back() == 'c');
}

TEST_CASE("bounds: a motor that does not stop where it should is not run back") {
  Bounds f;
  f.motion.move_to(40);
  f.driver.stops = false;
  f.clock.now += 4500;  // a late loop: it is at 45
  f.run_for(1);
  CHECK(f.fault() == 1);
  CHECK_FALSE(f.motion.moving());
  std::string log = f.driver.log();
  f.run_for(3000);
  CHECK(f.driver.log() == log);
  CHECK(log.find_first_of("oc", 1) == std::string::npos);
}

TEST_CASE("bounds: what must be done before a run takes nothing off its time") {
  struct Slow : shade::RunGate {
    fakes::Clock& clock;
    explicit Slow(fakes::Clock& of) : clock(of) {}
    void before_run() override { clock.now += 300; }
  };
  Bounds f;
  Slow gate(f.clock);
  f.motion.guard_with(gate);
  f.motion.move_to(40);
  CHECK(f.motion.known());
  f.run_for(3999);
  CHECK(f.motion.moving());
  f.run_for(1);
  CHECK_FALSE(f.motion.moving());
  CHECK(f.motion.hundredths() == 4000);
}

TEST_CASE("bounds: the way back from what was met is made though the position is not certain any more") {
  Bounds f;
  f.driver.seen.measured = 5000;
  f.motion.move_to(10);
  f.driver.seen.fault = Fault::Stalled;
  f.run_for(1);
  f.driver.seen.fault = Fault::None;
  f.driver.seen.lost = true;
  f.run_for(500);
  CHECK(f.driver.log() == "cso");
  CHECK(f.driver.last.aim == 5400);
  // However small the share.
  Bounds little({500, 10, 1, 60000});
  little.driver.seen.measured = 5000;
  little.motion.move_to(10);
  little.driver.seen.fault = Fault::Stalled;
  little.run_for(1);
  little.driver.seen.fault = Fault::None;
  little.run_for(500);
  CHECK(little.driver.last.aim == 5100);
}

TEST_CASE("bounds: at an end it is at the end, to the hundredth") {
  Bounds f;
  f.motion.set_position(3000, true);
  f.motion.move_to(0);
  f.run_for(2400 + 800);
  REQUIRE_FALSE(f.motion.moving());
  CHECK(f.motion.hundredths() == 0);
  f.motion.set_position(3000, true);
  f.driver.seen.at_closed = true;
  f.run_for(1);
  CHECK(f.motion.hundredths() == 0);
  f.driver.seen.at_closed = false;
  f.driver.seen.at_open = true;
  f.run_for(1);
  CHECK(f.motion.hundredths() == 10000);
  CHECK(f.driver.ticks == 2400 + 800 + 2);  // a round each
}

TEST_CASE("bounds: the open end is driven to from there, upwards") {
  Bounds f;
  f.motion.set_position(10000, true);
  f.motion.move_to(100);
  f.run_for(999);
  CHECK(f.driver.log() == "o");
  f.run_for(1);
  CHECK(f.driver.log() == "oe");
}

TEST_CASE("bounds: a late stop leaves what is measured as certain as it was, at the closed end too") {
  Bounds f;
  f.driver.seen.measured = 100;
  f.motion.move_to(0);
  f.run_for(100);
  f.driver.seen.measured = 0;
  f.driver.held_up_ms = 600;
  CHECK(f.motion.stop() == 0);
  CHECK(f.motion.known());
}

TEST_CASE("bounds: what stands still is judged from where it is known, and from when it left the end") {
  Bounds unknown;
  unknown.driver.seen.measured = 5000;
  unknown.motion.set_position(5000, false);
  unknown.motion.move_to(10);
  unknown.run_for(10000);
  CHECK(unknown.driver.log() == "c");
  CHECK(unknown.fault() == 0);
  Bounds leaves;
  leaves.driver.seen.measured = 95;
  leaves.motion.move_to(50);
  leaves.run_for(4000);
  leaves.driver.seen.measured = 102;
  leaves.run_for(2990);
  CHECK(leaves.fault() == 0);
  leaves.run_for(20);
  CHECK(leaves.fault() == 4);
}

TEST_CASE("bounds: a shade that meets something at the very end backs off as well") {
  Bounds f;
  f.driver.seen.measured = 500;
  f.motion.move_to(0);
  f.run_for(100);
  f.driver.seen.measured = 0;
  f.driver.seen.fault = Fault::Stalled;
  f.run_for(1);
  f.driver.seen.fault = Fault::None;
  f.run_for(500);
  CHECK(f.driver.log() == "cso");
  CHECK(f.driver.last.aim == 400);
}
