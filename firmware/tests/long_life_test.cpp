// The life of each variant's shade in virtual time: moves to anywhere, power cuts in motion, at rest, and in the middle
// of what is written and erased. LIFE_SEED chooses another life; the same seed is the same life.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "variant_rig.h"

using namespace variant_rig;

namespace {

unsigned life_seed() {
  const char* chosen = getenv("LIFE_SEED");
  return chosen ? static_cast<unsigned>(strtoul(chosen, nullptr, 10)) : 20261130;
}

struct Life {
  Rig rig;
  std::mt19937 random;
  int cuts = 0, known = 0, wrong = 0, faults = 0;
  double worst = 0;
  int legs = 0;  // since the last end

  Life(const Variant& variant, unsigned seed) : rig(variant), random(seed) {}

  int among(int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); }

  // Whatever the power fails in, the device starts again, and may fail in that, too.
  template <typename Action>
  void through_power_cuts(Action action) {
    for (bool failed = false;; failed = true) {
      try {
        if (failed) {
          ++cuts;
          rig.power_cut(among(1500));
          rig.run_for(300, random);
        } else {
          action();
        }
        return;
      } catch (const PowerFails&) {
      }
    }
  }

  // Half an hour at rest, in seconds instead of milliseconds.
  void cool_down() {
    for (int second = 0; second < 1800; ++second) {
      rig.now_us += 1000000;
      rig.photon->process();
      rig.controller->tick();
    }
  }

  int command(int target) {
    std::string argument = std::to_string(target);
    int result = rig.controller->move(argument.c_str());
    if (result >= 0 && rig.has_tilt() && among(3) == 0) {
      int tilted = rig.controller->tilt(std::to_string(100 - target).c_str());
      if (tilted < 0) result = tilted;
    }
    if (result == shade::kTooHot) {
      rig.run_until_rest(random);
      cool_down();
      return command(target);
    }
    return result;
  }

  void move() {
    // Ways of less than 60 ms are none to a controller that debounces its contacts.
    int target = among(4) == 0 ? 100 * among(2) : 8 + among(85);
    if (std::abs(target - rig.controller->position()) < 8) target = target < 50 ? 90 : 10;
    CAPTURE(target);
    legs = target == 0 || target == 100 ? 0 : legs + 1;
    int what = among(80);
    if (what == 0) rig.storage.fails_at_point = among(120);
    if (what == 1) rig.storage.fails_at_erase = 0;
    int result = command(target);
    if (result == shade::kFaulted) {
      ++faults;
      rig.controller->move("stop");
      return;
    }
    REQUIRE(result == target);
    if (what == 2 || what == 3)
      rig.run_for(among(1200), random);
    else
      rig.run_until_rest(random);
    if (what >= 2 && what <= 4) throw PowerFails();
  }

  void judge() {
    REQUIRE(rig.world().find("contradictions")->number == 0);
    faults += rig.controller->fault() != shade::Fault::None;
    // A stop by radio is on its way for half a second.
    for (int i = 0; i < 50 && rig.controller->active(); ++i) rig.run_for(20, random);
    REQUIRE_FALSE(rig.controller->active());
    if (!rig.controller->known()) {
      legs = 0;  // the next move goes over an end
      return;
    }
    ++known;
    double off = std::abs(rig.real("lift") - rig.controller->position());
    if (rig.has_tilt()) off = std::max(off, std::abs(rig.real("tilt") - rig.controller->tilt_position()));
    worst = std::max(worst, off);
    double late = rig.variant.off_per_leg > 0 ? 1.5 : 0;  // what a loop that looks now and then adds to a time
    bool is_wrong = off > rig.variant.off + late + rig.variant.off_per_leg * legs;
    CHECK_FALSE(is_wrong);
    wrong += is_wrong;
  }

  void live(int moves) {
    std::string own = std::to_string(rig.variant.travel.first) + "," + std::to_string(rig.variant.travel.second);
    REQUIRE(rig.controller->calibrate(own.c_str()) == 0);
    for (int done = 0; done < moves; ++done) {
      CAPTURE(done);
      through_power_cuts([this] { move(); });
      through_power_cuts([this] { judge(); });
      rig.publisher.events.clear();
      rig.rests.clear();
    }
    CHECK(rig.storage.erases_in_motion == 0);
    CHECK(faults == 0);
    CHECK(rig.controller->calibrated());
    printf("| %s | %d | %d | %d | %.1f %% | %d | %d | %d | %d | %d |\n", rig.variant.name, moves, cuts, known, worst,
           wrong, faults, rig.storage.writes, rig.storage.erases, rig.storage.erases_in_motion);
  }
};

void live_long(const Variant& variant, int moves) {
  INFO(std::string(variant.name), ", LIFE_SEED=", life_seed());
  Life(variant, life_seed()).live(moves);
}

}  // namespace

TEST_CASE("life: 500 moves and power cuts, roller") { live_long(kVariants[0], 500); }
TEST_CASE("life: 500 moves and power cuts, venetian") { live_long(kVariants[1], 500); }
TEST_CASE("life: 500 moves and power cuts, drapery") { live_long(kVariants[2], 500); }
TEST_CASE("life: 500 moves and power cuts, honeycomb") { live_long(kVariants[3], 500); }

TEST_CASE("soak: 20,000 moves and power cuts, roller" * doctest::skip()) { live_long(kVariants[0], 20000); }
TEST_CASE("soak: 20,000 moves and power cuts, venetian" * doctest::skip()) { live_long(kVariants[1], 20000); }
TEST_CASE("soak: 20,000 moves and power cuts, drapery" * doctest::skip()) { live_long(kVariants[2], 20000); }
TEST_CASE("soak: 20,000 moves and power cuts, honeycomb" * doctest::skip()) { live_long(kVariants[3], 20000); }
