// Wall clock in UTC, set by the cloud.
#pragma once

#include <stdint.h>
#include <time.h>

#include "spark_wiring_string.h"

#define TIME_FORMAT_DEFAULT "asctime"
#define TIME_FORMAT_ISO8601_FULL "%Y-%m-%dT%H:%M:%SZ"

class TimeClass {
 public:
  static bool isValid();  // set since start
  static time_t now();    // seconds since 1970
  static void setTime(time_t t);

  static int year() { return year(now()); }
  static int month() { return month(now()); }  // 1 ... 12
  static int day() { return day(now()); }      // 1 ... 31
  static int hour() { return hour(now()); }
  static int minute() { return minute(now()); }
  static int second() { return second(now()); }
  static int weekday() { return weekday(now()); }  // 1 Sunday ... 7
  static int year(time_t t);
  static int month(time_t t);
  static int day(time_t t);
  static int hour(time_t t);
  static int minute(time_t t);
  static int second(time_t t);
  static int weekday(time_t t);

  // strftime() formats, or TIME_FORMAT_DEFAULT.
  static String format(time_t t, const char* format = TIME_FORMAT_DEFAULT);
  static String format(const char* format = TIME_FORMAT_DEFAULT) { return TimeClass::format(now(), format); }
  static String timeStr() { return format(now()); }
};

extern TimeClass Time;
