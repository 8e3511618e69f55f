// The venetian's driver on a model of its motor with inertia and play, on a clock that is turned by hand. Times and
// shares are demands of their own, not the driver's constants.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "venetian_blind.h"

TEST_CASE("venetian: the bridge is off from the start, whatever its pins were") {
  Blind it;
  for (pin_t pin : {D0, D1}) {
    pinMode(pin, OUTPUT);
    digitalWrite(pin, HIGH);
  }
  it.begin();
  CHECK_FALSE(it.on());
  for (pin_t pin : {D0, D1}) CHECK(it.photon->pins().mode(pin) == vphoton::PinMode::AnalogOutput);
  it.run_for(1000);
  CHECK(it.lift("position") == doctest::Approx(50));
}

TEST_CASE("venetian: a position is the same after any number of power cuts at rest") {
  Blind it;
  it.begin();
  for (uint32_t counts : {240u, 777u, 1200u, 9999u}) {
    for (int hundredths = 0; hundredths <= 10000; hundredths += 7) {
      it.drive.place(static_cast<uint16_t>(hundredths), counts);
      const int32_t told = it.drive.feedback().measured;
      CHECK(std::abs(told - hundredths) <= 10000.0 / counts / 2 + 1);
      for (int i = 0; i < 3; ++i) it.drive.place(static_cast<uint16_t>(it.drive.feedback().measured), counts);
      CHECK(it.drive.feedback().measured == told);
    }
  }
}

TEST_CASE("venetian: it starts and stops without a jerk, at full power in between") {
  Blind it;
  it.begin();
  it.go(9000);
  CHECK(it.duty() > 50);
  CHECK(it.duty() < 140);
  it.run_for(400);
  CHECK(it.duty() == 255);
  int took = 400 + it.until_off();
  CHECK(took > 800);
  CHECK(took < 1400);  // 800 ms at full power all along
  it.run_for(200);
  CHECK(it.drive.feedback().arrived);
  CHECK_FALSE(it.drive.feedback().coasting);
  CHECK(it.lift("position") == doctest::Approx(90).epsilon(0.01));
  CHECK(it.drive.feedback().measured == doctest::Approx(it.lift("position") * 100).epsilon(0.003));
  it.go(1000);
  it.until_off();
  it.run_for(200);
  it.go(10000);
  it.until_off();
  CHECK(it.drive.feedback().at_open);
  CHECK(it.lift("peak") <= 50);  // per cent of what it takes when it stands at full power
  CHECK(it.contradictions() == 0);
}

TEST_CASE("venetian: the model tells how long a driven motor has shown no edge") {
  Blind it;
  it.begin();
  it.go(9000);
  it.run_for(400);
  CHECK(it.lift("no_edge_ms") < 20);
  it.until_off();
  it.run_for(1000);
  CHECK(it.lift("no_edge_ms") < 20);  // without drive no edge is due
  for (const char* fault : {"stall", "dead_encoder"}) {
    it.fault(fault, true);
    it.go(1000);
    double driven = it.until_off();
    it.change("{}");  // as a look at it from outside does
    CHECK(it.lift("no_edge_ms") > 200);
    CHECK(it.lift("no_edge_ms") <= driven + 10);
    it.run_for(500);
    it.fault(fault, false);
    it.drive.place(5000, 1200);
    it.change(R"({"position":50})");
  }
}

TEST_CASE("venetian: it is slow when it meets an end, and soon off there") {
  Blind it;
  it.begin();
  it.go(10000);
  it.run_for(300);
  double pushed = 0;
  while (it.lift("position") < 99.9) it.run_for(5);
  CHECK(it.duty() < 130);
  CHECK(it.until_off() < 320);
  pushed = it.lift("pushed_ms");
  CHECK(pushed > 150);
  CHECK(pushed < 350);
  CHECK(it.drive.feedback().at_open);
}

TEST_CASE("venetian: an edge slows and stops it however long the loop stands still") {
  Blind it;
  it.begin();
  it.go(7000);
  it.run_for(200);
  it.loops = false;
  it.run_for(1500);
  CHECK_FALSE(it.on());
  CHECK(it.lift("position") == doctest::Approx(70).epsilon(0.01));
}

TEST_CASE("venetian: without edges on the permit line the motor stands within half a second, whatever the pins say") {
  Blind it;
  it.begin();
  it.go(10000);
  it.run_for(200);
  it.permitted = it.loops = false;
  double before = it.lift("position");
  it.run_for(500);
  CHECK(it.on());
  CHECK(it.lift("speed") == 0);
  double there = it.lift("position");
  CHECK(there > before);
  it.run_for(1000);
  CHECK(it.lift("position") == there);
}

TEST_CASE("venetian: a cut is immediate, and holds until the next run") {
  Blind it;
  it.begin();
  it.go(10000);
  it.run_for(200);
  CHECK(it.drive.powered());
  it.drive.cut();
  CHECK_FALSE(it.on());
  CHECK_FALSE(it.drive.powered());
  it.run_for(500);
  CHECK_FALSE(it.on());
  CHECK(it.drive.feedback().fault == Fault::None);
  it.go(10000);
  CHECK(it.on());
}

TEST_CASE("venetian: whatever the edges say, a motor that makes no way is off within half a second") {
  for (const char* what : {"stall", "dither", "dead_encoder"}) {
    CAPTURE(what);
    for (bool homing : {false, true}) {
      Blind it;
      it.begin();
      it.fault(what, true);
      it.go(9000, !homing);
      CHECK(it.until_off() <= 500);
      CHECK(it.drive.feedback().fault == Fault::Stalled);
    }
  }
}

TEST_CASE("venetian: crossed wires are found before the shade has gone anywhere") {
  Blind it;
  it.begin();
  it.fault("crossed", true);
  it.go(9000);
  it.run_for(300);
  CHECK_FALSE(it.on());
  CHECK(it.drive.feedback().fault == Fault::Backwards);
  CHECK(it.lift("position") < 55);
}

TEST_CASE("venetian: an encoder that bounces counts right") {
  Blind it;
  it.begin();
  it.fault("bounce", true);
  for (int to : {9000, 2000, 6000}) {
    it.go(to);
    it.until_off();
    it.run_for(300);
    CHECK(it.drive.feedback().fault == Fault::None);
    CHECK(it.lift("position") == doctest::Approx(to / 100.0).epsilon(0.015));
  }
}

TEST_CASE("venetian: impossible steps are borne one now and then, and not many at a time") {
  auto both_change = [](Blind& it) {
    // Both channels at once, as when an edge between was missed.
    it.photon->pins().drive_unseen(D5, !digitalRead(D5));
    it.photon->pins().drive(D6, !digitalRead(D6));
  };
  SUBCASE("one every four seconds, for minutes") {
    Blind it;
    it.begin();
    for (int i = 0; i < 60; ++i) {
      both_change(it);
      it.run_for(4000);
      CHECK(it.drive.feedback().fault == Fault::None);
    }
    // None is a fault, and together they tell nothing of where the shade is.
    CHECK(it.drive.feedback().lost);
  }
  SUBCASE("few in each of several runs, soon after each other") {
    Blind it;
    it.begin();
    for (int run = 0; run < 5 && it.drive.feedback().fault == Fault::None; ++run) {
      it.go(run % 2 ? 4500 : 5500);
      it.run_for(30);
      for (int i = 0; i < 3; ++i) both_change(it);
      it.run_for(100);
      it.drive.cut();
      it.run_for(200);
    }
    CHECK(it.drive.feedback().fault == Fault::Encoder);
    CHECK_FALSE(it.on());
    it.drive.stop();
    CHECK(it.drive.feedback().fault == Fault::None);
  }
  SUBCASE("an end makes the position certain again") {
    Blind it;
    it.begin();
    for (int i = 0; i < 8; ++i) both_change(it);
    CHECK(it.drive.feedback().lost);
    it.go(0, false);
    it.until_off();
    CHECK(it.drive.feedback().at_closed);
    CHECK_FALSE(it.drive.feedback().lost);
    CHECK(it.drive.feedback().measured == 0);
  }
}

TEST_CASE("venetian: a stop in full run is counted to where it stands") {
  Blind it;
  it.begin();
  it.go(9500);
  it.run_for(500);
  REQUIRE(it.drive.stop());
  CHECK(it.drive.feedback().coasting);
  int32_t at_stop = it.drive.feedback().measured;
  it.run_for(300);
  CHECK_FALSE(it.drive.feedback().coasting);
  CHECK(it.drive.feedback().fault == Fault::None);
  CHECK(it.drive.feedback().measured > at_stop);
  CHECK(it.drive.feedback().measured == doctest::Approx(it.lift("position") * 100).epsilon(0.003));
}

TEST_CASE("venetian: a motor that runs on without power is found") {
  Blind it;
  it.begin();
  it.fault("overrun", true);
  it.go(9500);
  it.run_for(300);
  it.drive.stop();
  it.run_for(600);
  CHECK(it.drive.feedback().fault == Fault::Overrun);
}

TEST_CASE("venetian: a motor that ran on is found by a loop that comes seconds later") {
  Blind it;
  it.begin();
  it.fault("overrun", true);
  it.go(9500);
  it.run_for(300);
  it.drive.stop();
  it.loops = false;
  it.run_for(3000);
  CHECK(it.drive.feedback().fault == Fault::None);
  it.loops = true;
  it.run_for(1);
  CHECK(it.drive.feedback().fault == Fault::Overrun);
}

TEST_CASE("venetian: an end that is not there is found a twentieth beyond it") {
  Blind it;
  it.begin();
  it.fault("slip", true);
  it.go(10000);
  it.until_off();
  CHECK(it.drive.feedback().fault == Fault::Slipped);
  CHECK(it.drive.feedback().measured == 10000);
}

TEST_CASE("venetian: a run switches off the other direction first") {
  Blind it;
  it.begin();
  it.go(9000);
  it.run_for(200);
  it.drive.run({Direction::Close, 1000, true});
  CHECK(it.photon->pins().duty(D0) == 0);
  CHECK(it.photon->pins().duty(D1) > 0);
}

TEST_CASE("venetian: it takes a new aim on the way, and goes on from one it has just reached") {
  Blind it;
  it.begin();
  it.go(7000);
  it.run_for(300);
  it.drive.aim_at({Direction::Open, 9000, true});
  it.until_off();
  it.run_for(200);
  CHECK(it.lift("position") == doctest::Approx(90).epsilon(0.01));
  it.go(6000);
  while (!it.drive.feedback().arrived) it.run_for(1);
  it.drive.aim_at({Direction::Close, 3000, true});
  CHECK(it.on());
  it.until_off();
  it.run_for(200);
  CHECK(it.lift("position") == doctest::Approx(30).epsilon(0.02));
}

TEST_CASE("venetian: what its motor gets, in per cent of full power") {
  Blind it;
  it.begin();
  CHECK(it.drive.duty() == 0);
  CHECK(it.drive.due_in(millis()) == shade::Driver::kNothingDue);
  CHECK_FALSE(it.drive.feedback().at_open);
  CHECK_FALSE(it.drive.feedback().at_closed);
  CHECK_FALSE(it.drive.feedback().arrived);
  it.go(9000);
  CHECK_FALSE(it.drive.feedback().coasting);
  CHECK(it.drive.duty() >= 20);
  CHECK(it.drive.duty() < 55);
  CHECK(it.drive.due_in(millis()) <= 20);
  it.run_for(300);
  CHECK(it.drive.duty() == 100);
  it.drive.stop();
  CHECK(it.drive.duty() == 0);
  CHECK(it.drive.due_in(millis()) <= 20);  // it may still turn
  it.run_for(300);
  CHECK(it.drive.due_in(millis()) == shade::Driver::kNothingDue);
}

TEST_CASE("venetian: an end that may be anywhere is sought slower, and farther than the whole way") {
  Blind it;
  it.begin();
  it.go(0, false);
  it.run_for(300);
  CHECK(it.drive.duty() > 50);
  CHECK(it.drive.duty() < 80);
  it.until_off();
  CHECK(it.drive.feedback().at_closed);
  CHECK_FALSE(it.drive.feedback().at_open);
  Blind none;
  none.begin();
  none.fault("slip", true);
  none.go(10000, false);
  int took = none.until_off(8000);  // 1.2 ways of two seconds each, at two thirds of the power
  CHECK(took > 2800);
  CHECK(took < 4500);
  CHECK(none.drive.feedback().fault == Fault::Slipped);
}

TEST_CASE("venetian: an end found by standing still alone is doubtful until the whole way proves it") {
  Blind it;
  it.begin();
  CHECK_FALSE(it.drive.feedback().doubtful);
  it.go(0, false);
  it.until_off();
  it.run_for(300);
  CHECK(it.drive.feedback().doubtful);
  it.go(600);
  it.until_off();
  it.run_for(300);
  it.go(0);  // so near that a motor that stands would be there as well
  it.until_off();
  it.run_for(300);
  CHECK(it.drive.feedback().at_closed);
  CHECK(it.drive.feedback().doubtful);
  it.go(10000);
  it.until_off();
  it.run_for(300);
  CHECK(it.drive.feedback().at_open);
  CHECK_FALSE(it.drive.feedback().doubtful);
  CHECK(it.drive.feedback().measured == 10000);
}

TEST_CASE("venetian: each impossible step may be two that are missing, and more than a per cent of them is too much") {
  Blind it;
  it.begin();  // 1200 counts: a per cent are twelve
  for (int step = 1; step <= 7; ++step) {
    it.photon->pins().drive_unseen(D5, !digitalRead(D5));
    it.photon->pins().drive(D6, !digitalRead(D6));
    CHECK(it.drive.feedback().lost == (step > 6));
  }
  CHECK(it.drive.feedback().fault == Fault::None);
}

TEST_CASE("venetian: a motor at rest that is turned by hand is followed, and is no overrun") {
  Blind it;
  it.begin();
  it.run_for(2000);
  for (int position : {60, 80, 40}) {
    it.change("{\"position\":" + std::to_string(position) + "}");
    it.run_for(100);
    CHECK(it.drive.feedback().fault == Fault::None);
  }
}

TEST_CASE("venetian: two stops in a row count the way from each") {
  Blind it;
  it.begin();
  it.go(9500);
  it.run_for(500);
  it.drive.stop();
  it.run_for(300);
  it.drive.stop();
  CHECK_FALSE(it.drive.feedback().coasting);
  it.run_for(2000);
  CHECK(it.drive.feedback().fault == Fault::None);
  it.go(1000);
  it.run_for(500);
  it.drive.stop();
  CHECK(it.drive.feedback().coasting);
  it.run_for(300);
  CHECK_FALSE(it.drive.feedback().coasting);
  CHECK(it.drive.feedback().fault == Fault::None);
}

TEST_CASE("venetian: it brakes in steps on its last tenth, and never gets more at its start than it needs") {
  Blind it;
  it.begin();
  it.go(9000);
  int before = 0, most = 0;
  for (int ms = 0; ms < 200; ms += 5) {
    it.run_for(5);
    CHECK(it.duty() >= before);
    before = it.duty();
    if (ms < 60) most = it.duty();
  }
  CHECK(most < 255);
  CHECK(before == 255);
  while (it.on()) {
    int duty = it.duty();
    double left = 90 - it.lift("position");
    if (left > 9) CHECK(duty == 255);
    if (left < 2) CHECK(duty < 130);
    it.run_for(5);
    if (it.on()) CHECK(it.duty() <= duty);
  }
  // A short way is made without ever having full power.
  it.run_for(300);
  it.go(8600);
  for (int ms = 0; ms < 300 && it.on(); ms += 5) {
    CHECK(it.duty() < 200);
    it.run_for(5);
  }
  CHECK(it.lift("position") == doctest::Approx(86).epsilon(0.02));
}

TEST_CASE("venetian: it stands when no edge has come for a moment, after fast runs and slow ones") {
  Blind it;
  it.begin();
  for (int run_ms : {500, 60, 400, 40}) {
    CAPTURE(run_ms);
    it.go(it.lift("position") < 50 ? 9500 : 500);
    it.run_for(run_ms);
    it.drive.stop();
    int turns = 0, coasts = 0;
    for (double before = -1; turns < 500 && it.lift("position") != before; ++turns) {
      before = it.lift("position");
      it.run_for(1);
    }
    CHECK(it.drive.feedback().coasting);
    for (; coasts < 500 && it.drive.feedback().coasting; ++coasts) it.run_for(1);
    CHECK(coasts <= 100);
    it.run_for(200);
    CHECK(it.drive.feedback().fault == Fault::None);
  }
}

TEST_CASE("venetian: where it stands already it gets no power, a count away it does") {
  for (bool opens : {true, false}) {
    Blind it;
    it.begin();
    it.drive.run({opens ? Direction::Open : Direction::Close, 5000, true});
    CHECK_FALSE(it.on());
    CHECK(it.drive.feedback().arrived);
    // 1200 counts: one is 8.3 hundredths.
    it.drive.run({opens ? Direction::Open : Direction::Close, static_cast<uint16_t>(opens ? 5010 : 4995), true});
    CHECK(it.on());
    CHECK_FALSE(it.drive.feedback().arrived);
  }
}

TEST_CASE("venetian: impossible steps are forgotten one every two seconds, and all of them after their fault") {
  auto both_change = [](Blind& it, int times) {
    for (int i = 0; i < times; ++i) {
      it.photon->pins().drive_unseen(D5, !digitalRead(D5));
      it.photon->pins().drive(D6, !digitalRead(D6));
    }
  };
  for (int seconds : {1, 5}) {
    CAPTURE(seconds);
    Blind it;
    it.begin();
    it.run_for(2100);
    both_change(it, 8);
    it.run_for(seconds * 1000);
    it.go(9000);
    it.run_for(20);
    both_change(it, 2);
    CHECK((it.drive.feedback().fault == Fault::Encoder) == (seconds == 1));
    it.drive.stop();
    it.run_for(300);
    it.drive.place(5000, 1200);
    it.go(9000);
    it.run_for(20);
    both_change(it, seconds == 1 ? 8 : 0);
    CHECK(it.drive.feedback().fault == Fault::None);
  }
}

TEST_CASE("venetian: a motor may turn back by 1.5 %, and on a short way by a cycle of its encoder; not by 5 %") {
  struct {
    uint32_t counts;
    int play, most;
  } const ways[] = {{1200, 18, 19}, {240, 4, 12}};  // 1.5 % of 240 are not even a cycle of four edges
  for (const auto& way : ways) {
    for (bool opens : {true, false}) {
      CAPTURE(way.counts);
      CAPTURE(opens);
      Blind it;
      it.begin();
      it.drive.place(5000, way.counts);
      it.go(opens ? 9000 : 1000);
      int back = 0;
      for (; back < way.play; ++back) it.edge(!opens);
      CHECK(it.on());
      CHECK(it.drive.feedback().fault == Fault::None);
      for (; back < way.most; ++back) it.edge(!opens);
      CHECK_FALSE(it.on());
      CHECK(it.drive.feedback().fault == Fault::Backwards);
    }
  }
}

TEST_CASE("venetian: a motor without power that still turns counts as moving until its last edge") {
  for (bool opens : {true, false}) {
    CAPTURE(opens);
    Blind it;
    it.begin();
    it.go(opens ? 9500 : 500);
    it.drive.stop();
    for (int i = 0; i < 12; ++i) {
      it.edge(opens);
      it.run_for(20);
      CHECK(it.drive.feedback().coasting);
    }
    it.run_for(100);
    CHECK_FALSE(it.drive.feedback().coasting);
    CHECK(it.drive.feedback().fault == Fault::None);
    CHECK(it.drive.feedback().measured == (opens ? 5100 : 4900));  // 12 of 1200
  }
}

TEST_CASE("venetian: a fifth of the way proves an end, a motor that stands near it would be off by a tenth at most") {
  Blind it;
  it.begin();
  it.go(0, false);
  it.until_off();
  it.run_for(300);
  REQUIRE(it.drive.feedback().doubtful);
  for (int from : {800, 2000}) {
    it.go(from);
    it.until_off();
    it.run_for(300);
    it.go(0);
    it.until_off();
    it.run_for(300);
    CHECK(it.drive.feedback().at_closed);
    CHECK(it.drive.feedback().doubtful == (from < 1000));
  }
}

TEST_CASE("venetian: a drive that has made no run yet stands at no end") {
  EncoderDrive fresh({D0, D1, D5, D6});
  const shade::Feedback seen = fresh.feedback();
  CHECK_FALSE(seen.at_open);
  CHECK_FALSE(seen.at_closed);
  CHECK_FALSE(seen.arrived);
  CHECK_FALSE(seen.coasting);
  CHECK_FALSE(seen.doubtful);
  CHECK_FALSE(seen.lost);
  CHECK(seen.fault == Fault::None);
  CHECK(fresh.way() == 0);
  CHECK(fresh.duty() == 0);
  CHECK_FALSE(fresh.powered());
  CHECK(fresh.due_in(0) == shade::Driver::kNothingDue);
}
