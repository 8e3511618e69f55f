// Where the venetian's driver still bears with its motor and encoder, and where no longer, by edges made by hand.
#include <doctest/doctest.h>

#include "venetian_blind.h"

namespace {

// Both channels change at once: two steps, one way or the other.
void both_change(Blind& it) {
  it.photon->pins().drive_unseen(D5, !digitalRead(D5));
  it.photon->pins().drive(D6, !digitalRead(D6));
}

}  // namespace

TEST_CASE("venetian: a spike that is over when its edge is looked at is nothing") {
  Blind it;
  it.begin();
  it.go(9000);
  it.run_for(50);
  for (int i = 0; i < 30; ++i) {
    it.photon->pins().drive_unseen(D5, !digitalRead(D5));
    it.photon->pins().drive(D5, !digitalRead(D5));
  }
  it.run_for(20);
  CHECK(it.drive.feedback().fault == Fault::None);
  CHECK_FALSE(it.drive.feedback().lost);
  CHECK(it.on());
}

TEST_CASE("venetian: one impossible step a second adds up to a fault, one in four never does") {
  for (int seconds : {1, 4}) {
    CAPTURE(seconds);
    Blind it;
    it.begin();
    for (int i = 0; i < 24; ++i) {
      both_change(it);
      it.run_for(seconds * 1000);
    }
    it.drive.place(5000, 1200);
    it.go(9000);
    it.run_for(100);
    CHECK((it.drive.feedback().fault == Fault::Encoder) == (seconds == 1));
  }
}

TEST_CASE("venetian: on a way of few edges eight steps may be missing before an end must be met") {
  Blind it;
  it.begin();
  it.drive.place(5000, 240);  // 1 % of it are two steps
  for (int i = 0; i < 4; ++i) both_change(it);
  CHECK_FALSE(it.drive.feedback().lost);
  both_change(it);
  CHECK(it.drive.feedback().lost);
}

TEST_CASE("venetian: a shade that swings an edge every 40 ms does not stand yet") {
  Blind it;
  it.begin();
  it.go(9000);
  it.run_for(60);
  it.fault("dead_encoder", true);
  it.drive.stop();
  for (int i = 0; i < 5; ++i) {
    it.edge(true);
    it.run_for(40);
    CHECK(it.drive.feedback().coasting);
  }
  it.run_for(120);
  CHECK_FALSE(it.drive.feedback().coasting);
}

TEST_CASE("venetian: a motor that is switched off may go on by 5 % of the way, and by 10 % it runs by itself") {
  for (int edges : {60, 120}) {
    CAPTURE(edges);
    Blind it;
    it.begin();
    it.go(9000);
    it.run_for(60);
    it.fault("dead_encoder", true);
    it.drive.stop();
    for (int i = 0; i < edges; ++i) it.edge(true);
    it.run_for(40);
    CHECK(it.drive.feedback().fault == (edges == 60 ? Fault::None : Fault::Overrun));
  }
}

TEST_CASE("venetian: an end is looked for a tenth of the way beyond what the way was taken for") {
  Blind it;
  it.change(R"({"position":0})");
  it.begin();
  it.drive.place(5000, 1090);
  it.go(10000, false);
  it.until_off();
  it.run_for(200);
  CHECK(it.drive.feedback().fault == Fault::None);
  CHECK(it.drive.feedback().at_open);
  CHECK(it.lift("position") == doctest::Approx(100));
}

TEST_CASE("venetian: a motor that does not turn at once gets more than the slow duty, near its aim as well") {
  Blind it;
  it.begin();
  it.fault("stall", true);
  it.go(5200);
  it.run_for(100);
  CHECK(it.duty() > 100);
}

TEST_CASE("venetian: the first edge counts from where the encoder stood at the start") {
  for (bool opens : {true, false}) {
    Blind it;
    it.edge(true);
    it.edge(true);  // both channels are high
    it.begin();
    it.drive.place(5000, 240);
    it.edge(opens);
    CHECK((it.drive.feedback().measured > 5000) == opens);
    CHECK(it.drive.feedback().measured != 5000);
  }
}
