// Local time against the C library's, which reads the same rules.
#include <doctest/doctest.h>

#include <cstdlib>
#include <ctime>
#include <string>

#include "shade/time_zone.h"

using shade::TimeZone;

namespace {

const char* const kRules[] = {"UTC0",
                              "CET-1CEST,M3.5.0,M10.5.0/3",
                              "GMT0BST,M3.5.0/1,M10.5.0",
                              "EST5EDT,M3.2.0,M11.1.0",
                              "<-03>3",
                              "IST-5:30",
                              "NST3:30NDT,M3.2.0,M11.1.0",
                              "AEST-10AEDT,M10.1.0,M4.1.0/3",
                              "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
                              "NZST-12NZDT,M9.5.0,M4.1.0/3",
                              "ABC1DEF,M4.5.3/0,M12.5.6/4",
                              "ABC0DEF,M1.1.6/0,M7.1.0"};

class LibraryZone {
 public:
  explicit LibraryZone(const char* rule) {
    setenv("TZ", rule, 1);
    tzset();
  }
  ~LibraryZone() {
    unsetenv("TZ");
    tzset();
  }
  static tm local(time_t utc) {
    tm parts = {};
    localtime_r(&utc, &parts);
    return parts;
  }
};

}  // namespace

TEST_CASE("time zone: dates and weekdays as the C library has them") {
  LibraryZone zone("UTC0");
  for (int32_t day = 0; day < 40000; day += 13) {
    tm parts = LibraryZone::local(static_cast<time_t>(day) * 86400);
    REQUIRE(shade::day_of(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday) == day);
    REQUIRE(shade::weekday_of(day) == (parts.tm_wday + 6) % 7);
  }
}

TEST_CASE("time zone: the offset of every half hour of twelve years") {
  for (const char* rule : kRules) {
    CAPTURE(rule);
    LibraryZone library(rule);
    TimeZone zone;
    REQUIRE(zone.parse(rule));
    int differ = 0;
    for (int32_t utc = shade::day_of(2025, 12, 30) * 1440; utc < shade::day_of(2038, 1, 1) * 1440; utc += 30)
      differ += zone.offset_at(utc) * 60 != LibraryZone::local(static_cast<time_t>(utc) * 60).tm_gmtoff;
    CHECK(differ == 0);
  }
}

TEST_CASE("time zone: a time on the wall is found, the first of two, and one that never comes later") {
  for (const char* rule : kRules) {
    CAPTURE(rule);
    LibraryZone library(rule);
    TimeZone zone;
    REQUIRE(zone.parse(rule));
    for (int32_t day = shade::day_of(2026, 1, 1); day < shade::day_of(2027, 1, 1); ++day) {
      for (int minutes = 0; minutes < 1440; minutes += 15) {
        int32_t utc = zone.utc_of(day, minutes);
        tm parts = LibraryZone::local(static_cast<time_t>(utc) * 60);
        int shown = parts.tm_hour * 60 + parts.tm_min;
        bool skipped = shown != minutes;
        if (skipped) REQUIRE((shown == minutes + 60 || shown == minutes + 30));
        REQUIRE(shade::day_of(parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday) == day);
        // Before, the wall has not shown the same.
        for (int earlier : {30, 60}) {
          tm before = LibraryZone::local(static_cast<time_t>(utc - earlier) * 60);
          REQUIRE((skipped || before.tm_hour * 60 + before.tm_min != minutes));
        }
      }
    }
  }
}

TEST_CASE("time zone: kept as bytes and as text") {
  for (const char* rule : kRules) {
    CAPTURE(rule);
    TimeZone zone, stored, read;
    REQUIRE(zone.parse(rule));
    uint8_t bytes[TimeZone::kBytes];
    zone.save(bytes);
    stored.load(bytes);
    char text[64], again[64];
    stored.write(text, sizeof text);
    REQUIRE(read.parse(text));
    read.write(again, sizeof again);
    CHECK(std::string(text) == again);
    for (int32_t utc = shade::day_of(2026, 1, 1) * 1440; utc < shade::day_of(2027, 1, 1) * 1440; utc += 60)
      REQUIRE(read.offset_at(utc) == zone.offset_at(utc));
  }
}

TEST_CASE("time zone: what is not understood changes nothing") {
  TimeZone zone;
  REQUIRE(zone.parse("CET-1CEST,M3.5.0,M10.5.0/3"));
  char before[64], after[64];
  zone.write(before, sizeof before);
  for (const char* bad : {"",
                          "CET",
                          "C-1",
                          "-1",
                          "CET-15",
                          "CET-1CEST",
                          "CET-1CEST,M3.5.0",
                          "CET-1CEST,M13.5.0,M10.5.0",
                          "<CET-1",
                          "CET-1CEST,M0.5.0,M10.5.0",
                          "CET-1CEST,M3.6.0,M10.5.0",
                          "CET-1CEST,M3.0.0,M10.5.0",
                          "CET-1CEST,M3.5.7,M10.5.0",
                          "CET-1CEST,J60,J300",
                          "CET-1CEST,M3.5.0,M10.5.0/3x",
                          "CET-1CEST,M3.5.0/25,M10.5.0",
                          "CET-1:60",
                          "CET-1 ",
                          "CET-1CEST-1,M3.5.0,M10.5.0",
                          "CET99999999999",
                          "CET-1CEST-15,M3.5.0,M10.5.0",
                          "CET-1CEST,M3.5.0/-1,M10.5.0"}) {
    CAPTURE(bad);
    CHECK_FALSE(zone.parse(bad));
  }
  zone.write(after, sizeof after);
  CHECK(std::string(before) == after);
}

TEST_CASE("time zone: on the last day of a year it is not the next") {
  // 31 December 2096 is a Monday, the month's last, and 366 days after the last one of 2095.
  TimeZone zone;
  REQUIRE(zone.parse("ABC0DEF,M12.5.1/12,M6.1.0"));
  int32_t day = shade::day_of(2096, 12, 31);
  REQUIRE(shade::weekday_of(day) == 0);
  CHECK(zone.offset_at(day * 1440 + 12 * 60 - 1) == 0);
  CHECK(zone.offset_at(day * 1440 + 12 * 60) == 60);
  // 1 January 2028 is a Saturday, the month's first.
  REQUIRE(zone.parse("ABC0DEF,M1.1.6/0,M7.1.0"));
  day = shade::day_of(2028, 1, 1);
  REQUIRE(shade::weekday_of(day) == 5);
  CHECK(zone.offset_at(day * 1440 - 1) == 0);
  CHECK(zone.offset_at(day * 1440) == 60);
}
