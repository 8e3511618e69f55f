// map() and random numbers.
#include <random>

#include "application.h"

namespace {

std::minstd_rand& generator() {
  static std::minstd_rand engine{std::random_device{}()};
  return engine;
}

}  // namespace

int map(int value, int fromStart, int fromEnd, int toStart, int toEnd) {
  if (fromEnd == fromStart) return toStart;
  return static_cast<int>((static_cast<int64_t>(value) - fromStart) * (static_cast<int64_t>(toEnd) - toStart) /
                          (static_cast<int64_t>(fromEnd) - fromStart)) +
         toStart;
}

int random(int max) { return random(0, max); }

int random(int min, int max) {
  if (min >= max) return min;
  return std::uniform_int_distribution<int>(min, max - 1)(generator());
}

void randomSeed(unsigned int seed) { generator().seed(seed); }
