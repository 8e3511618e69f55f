#include <doctest/doctest.h>

#include <initializer_list>

#include "shade/image_trial.h"

using shade::ImageHistory;
using shade::ImageTrial;

namespace {

const int kUpdate = 70, kSafeMode = 110, kPanic = 130, kPin = 20, kWatchdog = 60;

// A start, and how long it lasts.
bool start(ImageHistory& memory, int reason, uint32_t lasts_ms, int version = 3) {
  ImageTrial trial(memory);
  bool leaves = trial.begin(version, reason);
  for (uint32_t ms = 0; ms <= lasts_ms; ms += 1000) trial.tick(ms);
  CHECK(trial.confirmed() == (lasts_ms >= 600000));
  return leaves;
}

}  // namespace

TEST_CASE("image: one that crashes five times within ten minutes is left, until there is another") {
  ImageHistory memory = {0xDEADBEEF, 0xFFFFFFFF};  // as after a power cut
  CHECK_FALSE(start(memory, kUpdate, 5000));
  for (int crash = 1; crash < 5; ++crash) CHECK_FALSE(start(memory, crash % 2 ? kPanic : kWatchdog, 599000));
  CHECK(start(memory, kPanic, 0));
  CHECK(start(memory, kSafeMode, 0));
  CHECK_FALSE(start(memory, kUpdate, 0, 4));
  CHECK_FALSE(start(memory, kPanic, 0, 4));
}

TEST_CASE("image: ten good minutes, and whoever resets it, wipe the slate") {
  ImageHistory memory = {};
  for (int round = 0; round < 3; ++round) {
    for (int crash = 0; crash < 4; ++crash) CHECK_FALSE(start(memory, kPanic, 1000));
    CHECK_FALSE(start(memory, round == 0 ? kPin : kUpdate, 1000));
  }
  for (int crash = 0; crash < 20; ++crash) CHECK_FALSE(start(memory, kPanic, 600000));
}

TEST_CASE("image: after ten good minutes the count begins at none") {
  ImageHistory memory = {};
  CHECK_FALSE(start(memory, kPanic, 600000));
  for (int crash = 1; crash < 5; ++crash) CHECK_FALSE(start(memory, kPanic, 1000));
  CHECK(start(memory, kPanic, 1000));
}

TEST_CASE("image: what another one did, and a count that cannot be, say nothing") {
  ImageHistory memory = {};
  for (int crash = 0; crash < 4; ++crash) CHECK_FALSE(start(memory, kPanic, 1000, 3));
  for (int crash = 0; crash < 4; ++crash) CHECK_FALSE(start(memory, kPanic, 1000, 4));
  CHECK(start(memory, kPanic, 1000, 4));
  for (uint32_t crashes : {6u, 0xFFFFFFFFu}) {
    memory.crashes = crashes;
    CHECK_FALSE(start(memory, kSafeMode, 1000, 4));
  }
}
