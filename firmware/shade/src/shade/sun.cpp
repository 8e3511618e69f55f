#include "sun.h"

#include <math.h>

namespace shade {

namespace {

const float kDegree = 0.017453293f;
const int32_t kJ2000 = 10957;  // 2000-01-01, days since 1970; the formulas count from its noon
const float kHorizon = -50.0f / 60.0f;

float turned(float degrees) { return degrees - 360.0f * floorf(degrees / 360.0f); }

// Of degrees, to 4e-6 by the first terms of its series; the C library's takes ten times the flash, for angles of any
// size.
float sine(float degrees) {
  float angle = turned(degrees + 90.0f) - 90.0f;  // -90 ... 270
  if (angle > 90.0f) angle = 180.0f - angle;
  float x = angle * kDegree, square = x * x;
  return x * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72))));
}

float cosine(float degrees) { return sine(degrees + 90.0f); }

// Minutes after 00:00 UTC of the day at which the sun passes the horizon, before (-1) or after noon (1); false: it does
// not.
bool crossing(int32_t day, float latitude, float longitude, float side, float& minutes) {
  minutes = 720.0f - 4.0f * longitude;
  // The sun moves on meanwhile: the second time with where it is then.
  for (int round = 0; round < 3; ++round) {
    float days = static_cast<float>(day - kJ2000) - 0.5f + minutes / 1440.0f;
    float anomaly = 357.529f + 0.98560028f * days;
    float mean = turned(280.459f + 0.98564736f * days);
    float ecliptic = mean + 1.915f * sine(anomaly) + 0.020f * sine(2 * anomaly);
    float obliquity = 23.439f - 0.00000036f * days;
    float ascension = atan2f(cosine(obliquity) * sine(ecliptic), cosine(ecliptic)) / kDegree;
    float declination = sine(obliquity) * sine(ecliptic);  // its sine
    // Degrees by which the true sun is ahead of the mean one.
    float equation = turned(mean - ascension + 180.0f) - 180.0f;
    float hour =
        (sine(kHorizon) - sine(latitude) * declination) / (cosine(latitude) * sqrtf(1.0f - declination * declination));
    if (!(hour > -1.0f && hour < 1.0f)) return false;
    float angle = atan2f(sqrtf(1.0f - hour * hour), hour) / kDegree;
    minutes = 720.0f - 4.0f * (longitude + equation) + side * 4.0f * angle;
  }
  return true;
}

}  // namespace

bool sun_on(int32_t day, float latitude, float longitude, SunDay& sun) {
  float rise, set;
  if (!crossing(day, latitude, longitude, -1.0f, rise) || !crossing(day, latitude, longitude, 1.0f, set)) return false;
  sun.rise = static_cast<int>(floorf(rise + 0.5f));
  sun.set = static_cast<int>(floorf(set + 0.5f));
  return true;
}

}  // namespace shade
