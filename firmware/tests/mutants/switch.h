// Included before everything in a build with mutants: MUTANT(n) is whether number n is the one that runs.
#pragma once

#include <stdlib.h>

extern int chosen_mutant;  // -1: not read yet; from the environment, for what is set before main()
extern unsigned char reached_mutants[8192];

inline bool is_mutant(int number) {
  if (chosen_mutant < 0) {
    const char* chosen = getenv("PHOTONRIG_MUTANT");
    chosen_mutant = chosen ? atoi(chosen) : 0;
  }
  reached_mutants[number] = 1;
  return chosen_mutant == number;
}

#define MUTANT(number) is_mutant(number)
