// map() and random numbers.
#include <stdlib.h>

#include "spark_wiring_constants.h"
#include "spark_wiring_random.h"

int map(int value, int fromStart, int fromEnd, int toStart, int toEnd) {
  if (fromEnd == fromStart) return value;
  return (value - fromStart) * (toEnd - toStart) / (fromEnd - fromStart) + toStart;
}

double map(double value, double fromStart, double fromEnd, double toStart, double toEnd) {
  if (fromEnd == fromStart) return value;
  return (value - fromStart) * (toEnd - toStart) / (fromEnd - fromStart) + toStart;
}

int random(int max) { return max == 0 ? 0 : rand() % max; }

int random(int min, int max) { return min >= max ? min : min + random(max - min); }

void randomSeed(unsigned int seed) { srand(seed); }
