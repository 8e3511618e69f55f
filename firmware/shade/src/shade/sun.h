// When the sun rises and sets.
#pragma once

#include <stdint.h>

namespace shade {

// Minutes after 00:00 UTC of the day; below 0 or above 1440 far from Greenwich.
struct SunDay {
  int rise;
  int set;
};

// `day` since 1970-01-01 as the place's calendar has it; degrees, north and east positive. To the minute below the
// polar circles, where the horizon is flat. False: it does not rise or does not set.
//
// The Astronomical Almanac's low-precision formulas for the sun's coordinates (page C5; also
// https://aa.usno.navy.mil/faq/sun_approx), and 50' below the horizon for refraction and the sun's radius
// (https://aa.usno.navy.mil/faq/RST_defs).
bool sun_on(int32_t day, float latitude, float longitude, SunDay& sun);

}  // namespace shade
