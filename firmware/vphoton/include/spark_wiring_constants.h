// Small constants and arithmetic helpers of the Wiring language.
#pragma once

#include <stdint.h>

#include <type_traits>

#define HIGH 0x1
#define LOW 0x0

constexpr unsigned char DEC = 10;
constexpr unsigned char HEX = 16;
constexpr unsigned char OCT = 8;
constexpr unsigned char BIN = 2;

#define LSBFIRST 0
#define MSBFIRST 1

typedef uint8_t byte;
typedef uint32_t system_tick_t;

#define constrain(amt, low, high) ((amt) < (low) ? (low) : ((amt) > (high) ? (high) : (amt)))
#define F(X) (X)

#define arraySize(a) (sizeof(a) / sizeof((a)[0]))

// Firmware runs on one thread, interrupt handlers included: a block is atomic as it stands.
#define ATOMIC_BLOCK() for (bool _atomic_once = true; _atomic_once; _atomic_once = false)
#define SINGLE_THREADED_BLOCK() ATOMIC_BLOCK()

template <typename T, typename U>
constexpr typename std::common_type<T, U>::type min(T a, U b) {
  return a < b ? a : b;
}

template <typename T, typename U>
constexpr typename std::common_type<T, U>::type max(T a, U b) {
  return a > b ? a : b;
}

// Linear from one range to the other, integer arithmetic; returns `toStart` for an empty source range.
int map(int value, int fromStart, int fromEnd, int toStart, int toEnd);
