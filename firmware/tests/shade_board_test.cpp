// A board of another variant, updates and resets.
#include <doctest/doctest.h>

#include "safety_rig.h"

using namespace safety;

TEST_CASE("safety: an update stops what moves, and nothing moves before it is over") {
  Rig rig;
  rig.start();
  rig.controller.move("open");
  rig.run_for(2000);
  rig.controller.begin_update();
  CHECK_FALSE(rig.controller.moving());
  CHECK(rig.observer.events.back() == R"(moved {"position":20,"target":20,"cause":"update"})");
  CHECK(rig.controller.move("40") == -5);
  CHECK(rig.controller.move("stop") == 20);
  CHECK(rig.motor.log() == "os");
  rig.controller.end_update();
  CHECK(rig.controller.move("40") == 40);
}

TEST_CASE("safety: on another variant's board no output is touched, and everything says so") {
  Rig first;
  first.start();
  REQUIRE(first.controller.move("40") == 40);
  first.run_for(5000);
  shade::Identity other = fakes::kIdentity;
  other.variant = "other";
  Rig rig(other, first.storage);
  rig.motor.begins = false;  // would be a fault of its own
  rig.start();
  CHECK(rig.fault() == 18);
  CHECK(std::string(rig.controller.wired_for()) == "sample");
  CHECK(rig.events().find(R"(fault {"fault":18,"text":"wrong_board")") != std::string::npos);
  CHECK_FALSE(rig.controller.known());
  for (const char* command : {"open", "close", "stop", "30"}) CHECK(rig.controller.move(command) == shade::kFaulted);
  rig.run_for(3000);
  rig.controller.watch();
  rig.controller.begin_update();
  CHECK(rig.motor.acts.empty());
  CHECK(rig.motor.ticks == 0);
  CHECK(rig.motor.placed.second == 0);
  CHECK(rig.guard.log == "");
  CHECK(rig.publisher.events.size() == 3);  // the start, the fault, and whether it has an owner
  CHECK(rig.controller.calibrate("4000,2000") == 0);
  CHECK(rig.controller.tie_board("sample") == shade::kBadArgument);
  CHECK(rig.controller.tie_board("other") == 0);
  Rig again(other, rig.storage);
  again.start();
  CHECK(again.fault() == 0);
  CHECK(again.controller.move("open") == 100);
}

TEST_CASE("safety: a board's damaged record is nobody's, what a stranger left is none") {
  Rig first;
  first.start();
  uint8_t* record = first.storage.bytes + 320;
  REQUIRE(record[0] == 'S');
  REQUIRE(record[1] == 'B');
  record[10] ^= 1;
  Rig damaged(fakes::kIdentity, first.storage);
  damaged.start();
  CHECK(damaged.fault() == 18);
  CHECK(std::string(damaged.controller.wired_for()) == "");
  record[0] = 0x5A;
  Rig stranger(fakes::kIdentity, first.storage);
  stranger.start();
  CHECK(stranger.fault() == 0);
  CHECK(std::string(stranger.controller.wired_for()) == "sample");
}

TEST_CASE("safety: a reset from the console stops first") {
  Rig rig;
  fakes::Port port;
  shade::Console console(port, rig.controller, rig.board);
  rig.start();
  rig.controller.move("open");
  rig.run_for(1000);
  port.type("reset\n");
  console.poll();
  CHECK(rig.motor.log() == "os");
  CHECK_FALSE(rig.stored_in_motion());
  CHECK(rig.board.resets == 1);
}

TEST_CASE("safety: a page changes hands without a lock") {
  shade::PageDesk desk;
  CHECK(desk.take() == nullptr);
  REQUIRE(desk.ask("site=a"));
  CHECK_FALSE(desk.ask("site=b"));
  CHECK_FALSE(desk.answered());
  REQUIRE(std::string(desk.take()) == "site=a");
  CHECK(desk.take() == nullptr);
  CHECK_FALSE(desk.give_up());  // it is being made
  desk.answer(shade::SetupPage::Outcome::Stored);
  CHECK(desk.answered());
  CHECK(desk.outcome() == shade::SetupPage::Outcome::Stored);
  CHECK_FALSE(desk.ask("site=c"));
  desk.fetched();
  REQUIRE(desk.ask("site=d"));
  CHECK(desk.give_up());
  CHECK(desk.take() == nullptr);
  CHECK(desk.ask("site=e"));
}
