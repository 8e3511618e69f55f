// The drivers of the variants against the models of what they drive: random commands, faults and power cuts, hundreds
// of times faster than they would take.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "variant_rig.h"

using namespace variant_rig;

namespace {

void check_safe(Rig& rig) {
  vphoton::JsonValue world = rig.world();
  REQUIRE(world.find("contradictions")->number == 0);
  for (const auto& part : world.find("parts")->members) {
    if (!part.second.find("position")) continue;
    double position = part.second.find("position")->number;
    REQUIRE(position >= 0);
    REQUIRE(position <= 100);
  }
  int fault = static_cast<int>(rig.controller->fault());
  if (fault == 0) return;
  CAPTURE(fault);
  REQUIRE(rig.variant.faults.count(fault) == 1);
}

std::string random_target(std::mt19937& random) {
  switch (random() % 6) {
    case 0:
      return "open";
    case 1:
      return "close";
    default:
      return std::to_string(random() % 101);
  }
}

// Random commands and power cuts, with faults coming and going if wanted.
void disturb(Rig& rig, std::mt19937& random, bool with_faults) {
  for (int step = 0; step < 12; ++step) {
    unsigned what = random() % 10;
    bool tilts = rig.has_tilt() && random() % 3 == 0;
    auto command = [&](const std::string& argument) {
      return tilts ? rig.controller->tilt(argument.c_str()) : rig.controller->move(argument.c_str());
    };
    if (what == 0) {
      rig.power_cut();
    } else if (what == 1 && with_faults) {
      auto names = rig.faults();
      rig.set_fault(names[random() % names.size()], random() % 2 == 0);
    } else if (what <= 3) {
      command("stop");
    } else {
      command(random_target(random));
    }
    rig.run_for(static_cast<int>(random() % 900), random);
    check_safe(rig);
  }
}

void recover(Rig& rig, std::mt19937& random) {
  for (const auto& name : rig.faults()) rig.set_fault(name, false);
  rig.run_until_rest(random);
  for (int tries = 0; tries < 3; ++tries) {
    REQUIRE(rig.controller->move("stop") != shade::kBadArgument);
    if (rig.has_tilt()) REQUIRE(rig.controller->tilt("stop") != shade::kBadArgument);
    rig.run_until_rest(random);
  }
  REQUIRE(static_cast<int>(rig.controller->fault()) == 0);
}

void check_positions(Rig& rig, std::mt19937& random) {
  double pushed = rig.variant.pushes_ms > 0 ? rig.real("lift", "pushed_ms") : 0;
  // What slipped or stood unseen in the middle of the way shows itself at the end, once.
  for (int tries = 0; tries < 2; ++tries) {
    rig.controller->move("stop");
    REQUIRE(rig.controller->move("close") == 0);
    if (rig.has_tilt()) {
      rig.controller->tilt("stop");
      REQUIRE(rig.controller->tilt("close") == 0);
    }
    rig.run_until_rest(random);
  }
  REQUIRE(static_cast<int>(rig.controller->fault()) == 0);
  rig.run_for(static_cast<int>(rig.variant.travel_ms),
              random);  // a tube motor that lagged behind what nobody could see runs on to its limit
  CHECK(rig.controller->known());
  CHECK(rig.real("lift") <= 0.5);
  for (int legs = 1; legs <= 4; ++legs) {
    // A way of less than 60 ms is none to a controller that debounces its contacts: 0.3 % of a real shade's 20 s.
    int target = 0;
    do target = static_cast<int>(random() % 99) + 1;
    while (std::abs(target - rig.controller->position()) < 8);
    REQUIRE(rig.controller->move(std::to_string(target).c_str()) == target);
    if (rig.has_tilt()) REQUIRE(rig.controller->tilt(std::to_string(100 - target).c_str()) == 100 - target);
    rig.run_until_rest(random);
    CAPTURE(target);
    CAPTURE(static_cast<int>(rig.controller->fault()));
    CHECK(std::abs(rig.controller->position() - target) <= 1);
    double bound = rig.variant.off + rig.variant.off_per_leg * legs;
    CHECK(std::abs(rig.real("lift") - rig.controller->position()) <= bound);
    if (rig.has_tilt()) CHECK(std::abs(rig.real("tilt") - rig.controller->tilt_position()) <= bound);
  }
  if (rig.variant.pushes_ms > 0) CHECK(rig.real("lift", "pushed_ms") - pushed <= 2 * rig.variant.pushes_ms);
  check_safe(rig);
}

void try_variant(const Variant& variant, bool with_faults) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    INFO(std::string(variant.name));
    CAPTURE(seed);
    std::mt19937 random(seed * 7919 + with_faults);
    Rig rig(variant);
    for (int round = 0; round < 2; ++round) {
      disturb(rig, random, with_faults);
      recover(rig, random);
      check_positions(rig, random);
    }
    if (rig.variant.pushes_ms == 0) CHECK(rig.real("lift", "pushed_ms") == 0);
    if (std::string(variant.name) == "roller") CHECK(rig.real("radio", "refused") == 0);
  }
}

// What the variant has no sense for: of a roller nothing but its transmitter is seen, of the others what happens
// between their ends not always.
bool unseen(const Variant& variant, const std::string& fault, int target) {
  std::string name = variant.name;
  if (name == "roller") return fault == "deaf" || fault == "stall" || fault == "noise";
  if (target == 0 || target == 100) return false;
  if (name == "venetian") return fault == "lift_slip" || fault == "tilt_slip";
  return name == "honeycomb" && (fault == "stall" || fault == "ignores_stop");
}

void check_causes(const Variant& variant, bool calibrated, const shade::Travel& until_calibrated) {
  std::vector<std::string> faults = Rig(variant).faults();
  faults.push_back("");
  int arrived = 0;
  for (const std::string& fault : faults) {
    for (size_t from : {0, 1, 3}) {
      INFO(std::string(variant.name), std::string(calibrated ? " calibrated, " : " not calibrated, "), fault,
           " from move ", from);
      std::mt19937 random(static_cast<unsigned>(from) + 1);
      Rig rig(variant, until_calibrated);
      std::string own = std::to_string(variant.travel.first) + "," + std::to_string(variant.travel.second);
      if (calibrated) REQUIRE(rig.controller->calibrate(own.c_str()) == 0);
      int legs = 0;
      size_t moves = 0;
      for (int target : {77, 40, 100, 0, 99, 1}) {
        if (moves++ == from && !fault.empty()) rig.set_fault(fault, true);
        bool faulty = moves > from && !fault.empty();
        CAPTURE(target);
        rig.rests.clear();
        rig.controller->move(std::to_string(target).c_str());
        if (rig.has_tilt()) rig.controller->tilt(std::to_string(target).c_str());
        for (int i = 0; i < 1000 && rig.controller->moving(); ++i) rig.run_for(20, random);
        REQUIRE_FALSE(rig.controller->moving());
        for (const Rest& rest : rig.rests) {
          CAPTURE(rest.part);
          CAPTURE(rest.cause);
          CAPTURE(rest.real);
          legs = rest.target == 0 || rest.target == 100 ? 0 : legs + 1;
          if (rest.cause == "fault") CHECK(static_cast<int>(rig.controller->fault()) != 0);
          CHECK(rest.cause != "stopped");
          if (!faulty && calibrated) CHECK(rest.cause == "arrived");
          if (rest.cause != "arrived" || (faulty && unseen(variant, fault, rest.target))) continue;
          ++arrived;
          CHECK(rest.target == target);
          // A tube motor hears of its stop by radio, when its frame is over.
          CHECK(std::abs(rest.real - target) <= variant.off + variant.off_per_leg * legs + 2.5);
        }
        rig.controller->move("stop");
        if (rig.has_tilt()) rig.controller->tilt("stop");
        rig.run_for(50, random);
      }
    }
  }
  if (calibrated) CHECK(arrived > 0);
  // A motor that nothing is sensed of.
  if (!calibrated && std::string(variant.name) == "roller") CHECK(arrived == 0);
}

}  // namespace

TEST_CASE("the cause of a rest is true: arrived is said only there") {
  for (const Variant& variant : kVariants) {
    bool counts = variant.measure == shade::Measure::Counts;
    check_causes(variant, true, variant.travel);
    check_causes(variant, false, counts ? shade::Travel{3000, 600} : shade::Travel{3000, 3000});
    check_causes(variant, false, counts ? shade::Travel{600, 120} : shade::Travel{500, 500});
  }
}

TEST_CASE("roller: random commands, faults and power cuts") {
  try_variant(kVariants[0], false);
  try_variant(kVariants[0], true);
}

TEST_CASE("venetian: random commands, faults and power cuts") {
  try_variant(kVariants[1], false);
  try_variant(kVariants[1], true);
}

TEST_CASE("drapery: random commands, faults and power cuts") {
  try_variant(kVariants[2], false);
  try_variant(kVariants[2], true);
}

TEST_CASE("honeycomb: random commands, faults and power cuts") {
  try_variant(kVariants[3], false);
  try_variant(kVariants[3], true);
}
