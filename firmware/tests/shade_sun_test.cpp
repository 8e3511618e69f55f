// Sunrise and sunset against times that others computed.
#include <doctest/doctest.h>

#include <cstdlib>
#include <initializer_list>
#include <string>

#include "shade/sun.h"
#include "shade/time_zone.h"

using shade::day_of;

namespace {

struct Known {
  const char* place;
  float latitude, longitude;
  int year, month, day;
  int rise, set;  // minutes after 00:00 UTC
};

// Computed by PyEphem 4.2 (libastro) for a flat horizon, refraction of 34' and the sun's upper limb, rounded to the
// minute. London is published, by timeanddate.com/sun/uk/london.
const Known kKnown[] = {
    {"Berlin", 52.52f, 13.40f, 2026, 3, 20, 309, 1039},
    {"Berlin", 52.52f, 13.40f, 2026, 6, 21, 163, 1173},
    {"Berlin", 52.52f, 13.40f, 2026, 12, 21, 435, 894},
    {"Sydney", -33.87f, 151.21f, 2026, 1, 15, -301, 549},
    {"Sydney", -33.87f, 151.21f, 2026, 7, 1, -179, 417},
    {"Quito", -0.18f, -78.47f, 2030, 9, 23, 663, 1389},
    {"Auckland", -36.85f, 174.76f, 2027, 4, 10, -318, 363},
    {"Honolulu", 21.31f, -157.86f, 2028, 2, 29, 1012, 1716},
    {"Reykjavik", 64.15f, -21.94f, 2026, 6, 21, 175, 1444},
    {"Reykjavik", 64.15f, -21.94f, 2026, 12, 21, 682, 929},
    {"Greenwich", 51.48f, 0.0f, 2037, 10, 31, 412, 994},
    {"Golden", 39.7425f, -105.1786f, 2003, 10, 17, 793, 1459},
    {"Reykjavik", 64.15f, -21.94f, 2026, 3, 20, 449, 1183},
    {"Bardufoss", 69.0f, 18.96f, 2026, 4, 20, 144, 1145},
    {"London", 51.5f, -0.12f, 2015, 12, 25, 485, 955},
    // Where the equation of the centre is least and greatest, by the equations of NOAA's solar calculator in double
    // precision.
    {"Berlin", 52.52f, 13.40f, 2026, 1, 4, 437, 906},
    {"Berlin", 52.52f, 13.40f, 2027, 4, 4, 275, 1065},
    {"Berlin", 52.52f, 13.40f, 2026, 10, 4, 312, 997},
    {"Sydney", -33.87f, 151.21f, 2026, 7, 5, -179, 419},
    {"Equator", 0.0f, 0.0f, 2026, 1, 3, 361, 1088},
};

}  // namespace

TEST_CASE("sun: rise and set to the minute") {
  for (const Known& known : kKnown) {
    CAPTURE(std::string(known.place));
    CAPTURE(known.month);
    shade::SunDay sun = {};
    REQUIRE(shade::sun_on(day_of(known.year, known.month, known.day), known.latitude, known.longitude, sun));
    CHECK(std::abs(sun.rise - known.rise) <= 1);
    CHECK(std::abs(sun.set - known.set) <= 1);
  }
}

TEST_CASE("sun: neither by the midnight sun nor in the polar night") {
  shade::SunDay sun = {};
  for (int month : {6, 12}) CHECK_FALSE(shade::sun_on(day_of(2026, month, 21), 69.65f, 18.96f, sun));
  for (float pole : {90.0f, -90.0f}) CHECK_FALSE(shade::sun_on(day_of(2026, 6, 21), pole, 0, sun));
}
