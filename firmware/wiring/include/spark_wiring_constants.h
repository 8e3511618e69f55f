// Small constants and arithmetic helpers of the Wiring language.
#pragma once

#include <type_traits>

#include "device_os/layout.h"

#define HIGH 0x1
#define LOW 0x0

constexpr unsigned char DEC = 10;
constexpr unsigned char HEX = 16;
constexpr unsigned char OCT = 8;
constexpr unsigned char BIN = 2;

#define LSBFIRST 0
#define MSBFIRST 1

typedef uint8_t byte;
typedef bool boolean;

#define constrain(amt, low, high) ((amt) < (low) ? (low) : ((amt) > (high) ? (high) : (amt)))
#define F(X) (X)

#define arraySize(a) (sizeof(a) / sizeof((a)[0]))

template <typename T, typename U>
constexpr typename std::common_type<T, U>::type min(T a, U b) {
  return a < b ? a : b;
}

template <typename T, typename U>
constexpr typename std::common_type<T, U>::type max(T a, U b) {
  return a > b ? a : b;
}

// Linear from one range to the other; the value as it is for an empty source range.
int map(int value, int fromStart, int fromEnd, int toStart, int toEnd);
double map(double value, double fromStart, double fromEnd, double toStart, double toEnd);
