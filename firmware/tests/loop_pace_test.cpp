#include "device/loop_pace.h"

#include <doctest/doctest.h>

using vphoton::LoopPace;

namespace {

constexpr uint64_t kSecond = 1000 * 1000;
constexpr uint64_t kAwake = kSecond / 25;
constexpr uint64_t kAtRest = kSecond / 5;
constexpr uint64_t kAWhile = 400 * 1000;

// One loop() that takes no time; how long until the next is due.
uint64_t after_loop(LoopPace& pace, uint64_t now_us, const LoopPace::Counts& counts) {
  pace.begins(now_us, counts);
  pace.ended(now_us, counts);
  return pace.due_us() - now_us;
}

}  // namespace

TEST_CASE("loop() is called at rest, faster for a while after something happened") {
  LoopPace pace(0);
  LoopPace::Counts counts;
  CHECK(after_loop(pace, 0, counts) == kAtRest);
  ++counts.handled;
  CHECK(after_loop(pace, kSecond, counts) == kAwake);
  CHECK(after_loop(pace, kSecond + kAWhile - 1, counts) == kAwake);
  CHECK(after_loop(pace, kSecond + kAWhile, counts) == kAtRest);
}

TEST_CASE("rounds of the event loop between two calls of loop() are none of the firmware's doing") {
  LoopPace pace(0);
  LoopPace::Counts counts;
  counts.rounds = 7;
  CHECK(after_loop(pace, 0, counts) == kAtRest);
}

TEST_CASE("a firmware that waits in loop() is called faster") {
  LoopPace pace(0);
  LoopPace::Counts counts;
  pace.begins(0, counts);
  ++counts.rounds;
  pace.ended(10000, counts);
  CHECK(pace.due_us() == kAwake);  // from when loop() began
}

TEST_CASE("a switched output keeps loop() fast for longer than any travel, whoever called the firmware") {
  LoopPace pace(0);
  LoopPace::Counts counts;
  after_loop(pace, 0, counts);
  ++counts.outputs;  // between two calls, in a function that the cloud called
  CHECK(after_loop(pace, kSecond, counts) == kAwake);
  CHECK(after_loop(pace, 331 * kSecond, counts) == kAwake);
  CHECK(after_loop(pace, 361 * kSecond, counts) == kAtRest);
}

TEST_CASE("a rate that was asked for holds always") {
  LoopPace pace(100);
  LoopPace::Counts counts;
  CHECK(after_loop(pace, 0, counts) == kSecond / 100);
  ++counts.handled;
  CHECK(after_loop(pace, 0, counts) == kSecond / 100);
}
