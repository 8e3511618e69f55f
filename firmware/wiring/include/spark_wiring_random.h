// Pseudo-random numbers; the system seeds them at start.
#pragma once

int random(int max);           // 0 ... max-1; 0 for 0
int random(int min, int max);  // min ... max-1; min for max <= min
void randomSeed(unsigned int seed);
