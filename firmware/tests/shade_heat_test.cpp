// A motor's heat, and the time it needs to cool.
#include <doctest/doctest.h>

#include "safety_rig.h"

using namespace safety;

TEST_CASE("safety: a motor that has run for four minutes must cool, also after a restart") {
  shade::Identity identity = fakes::kIdentity;
  identity.travel = {30000, 30000};
  Rig rig(identity);
  rig.start();
  uint32_t ran = 0;
  int result = 0;
  for (int move = 0; move < 100 && result >= 0; ++move) {
    result = rig.controller.move(move % 2 ? "close" : "open");
    uint32_t begun = rig.clock.now;
    while (rig.controller.moving()) rig.run_for(5);
    if (result >= 0) ran += rig.clock.now - begun;
    rig.run_for(600);
  }
  CHECK(result == -6);
  CHECK(ran >= 230000);
  CHECK(ran <= 290000);
  CHECK(rig.fault() == 0);
  Rig again(identity, rig.storage);
  again.start();
  CHECK(again.controller.move("open") == -6);
  again.run_for(60000);
  CHECK(again.controller.move("stop") == 0);
  again.run_for(20 * 60000);
  CHECK(again.controller.move("open") == 100);
}

TEST_CASE("safety: a cold motor at a third of its power may run three times as long") {
  shade::ThermalBudget full{shade::ThermalRules()}, third{shade::ThermalRules()};
  int full_s = 0, third_s = 0;
  for (; !full.spent(); ++full_s) full.spend(100, 1000);
  for (; !third.spent(); ++third_s) third.spend(33, 1000);
  CHECK(full_s == 240);
  CHECK(third_s >= 700);
  CHECK(third_s <= 740);
  // However often it is told: a loop takes milliseconds.
  shade::ThermalBudget often{shade::ThermalRules()};
  int often_ms = 0;
  for (; !often.spent() && often_ms < 1000000; ++often_ms) often.spend(33, 1);
  CHECK(often_ms >= 700000);
  CHECK(often_ms <= 740000);
  // It cools as slowly as motors do, in small steps too.
  int cooled_s = 0;
  for (; full.seconds() > 0; ++cooled_s)
    for (int i = 0; i < 1000; ++i) full.spend(0, 1);
  CHECK(cooled_s >= 19 * 60);
  CHECK(cooled_s <= 21 * 60);
}

TEST_CASE("safety: a motor that runs on beyond its budget is stopped") {
  shade::Identity identity = kMeasured;
  identity.rules.longest_leg_ms = 3600000;
  Rig rig(identity);
  rig.motor.seen.measured = 200;
  rig.start();
  rig.controller.move("95");
  uint32_t begun = rig.clock.now;
  while (rig.fault() == 0 && rig.clock.now - begun < 400000) {
    rig.motor.seen.measured += 20;
    rig.run_for(1000);
  }
  CHECK(rig.fault() == 17);
  CHECK(rig.clock.now - begun >= 290000);
  CHECK(rig.clock.now - begun <= 310000);
  CHECK(rig.motor.log() == "os");
  CHECK(rig.controller.move("stop") >= 0);
  CHECK(rig.controller.move("95") == -6);
}

TEST_CASE("safety: power cuts in motion do not cool a motor") {
  shade::ThermalBudget budget{shade::ThermalRules()};
  budget.restore(100, false);
  CHECK(budget.seconds() == 100);
  budget.restore(100, true);
  CHECK(budget.seconds() > 100);
  CHECK_FALSE(budget.spent());
  budget.restore(65535, true);
  CHECK(budget.spent());
  CHECK(budget.seconds() <= 300);
}

TEST_CASE("safety: whole seconds of run are counted, over starts too, up to what the record holds") {
  auto run_of = [](Rig& rig) {
    char health[240];
    rig.controller.write_health(health, sizeof health);
    std::string text = health;
    size_t at = text.find("\"run\":") + 6;
    return text.substr(at, text.find(',', at) - at);
  };
  Rig first;
  first.start();
  first.controller.move("open");
  first.run_for(999);
  CHECK(run_of(first) == "0");
  first.run_for(1);
  CHECK(run_of(first) == "1");
  first.run_for(2500);
  CHECK(run_of(first) == "3");
  first.controller.move("stop");
  first.run_for(5000);
  CHECK(run_of(first) == "3");
  Rig again(fakes::kIdentity, first.storage);
  again.start();
  CHECK(run_of(again) == "3");
  // Three bytes of seconds: 194 days of run.
  shade::Settings settings = {{0, true, false, 0},  {0, true, false, 0}, false,
                              shade::Measure::Time, {10000, 8000},       0xFFFFFE};
  Storage storage;
  REQUIRE(shade::SettingsStore(storage).save(settings));
  Rig old(fakes::kIdentity, storage);
  old.start();
  old.controller.move("open");
  for (const char* run : {"16777214", "16777215", "16777215", "16777215"}) {
    CHECK(run_of(old) == run);
    old.run_for(1000);
  }
  old.controller.move("stop");
  Rig last(fakes::kIdentity, old.storage);
  last.start();
  CHECK(run_of(last) == "16777215");
}

TEST_CASE("safety: a hot motor that rests has no fault, and the least power is run as well") {
  shade::Settings settings = {{0, true, false, 65535}, {0, true, false, 0}, false,
                              shade::Measure::Time,    {10000, 8000},       0};
  Storage storage;
  REQUIRE(shade::SettingsStore(storage).save(settings));
  Rig hot(fakes::kIdentity, storage);
  hot.start();
  hot.run_for(100);
  CHECK(hot.fault() == 0);
  CHECK(hot.controller.move("open") == -6);
  Rig least;
  least.motor.power = 1;
  least.start();
  least.controller.move("open");
  least.run_for(2000);
  char health[240];
  least.controller.write_health(health, sizeof health);
  CHECK(std::string(health).find("\"run\":2,") != std::string::npos);
}
