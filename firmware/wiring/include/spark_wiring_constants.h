// Small constants and arithmetic helpers of the Wiring language.
#pragma once

#include <type_traits>

#include "device_os/layout.h"

enum PinState { LOW = 0, HIGH = 1 };

#ifndef FALSE
#define FALSE (0)
#endif
#ifndef TRUE
#define TRUE (!FALSE)
#endif

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

template <typename T>
T round(T x) {
  return static_cast<T>(x >= 0 ? static_cast<long>(x + 0.5) : static_cast<long>(x - 0.5));
}

// Linear from one range to the other; the value as it is for an empty source range.
int map(int value, int fromStart, int fromEnd, int toStart, int toEnd);
double map(double value, double fromStart, double fromEnd, double toStart, double toEnd);
