// Wall clock, set by the cloud in UTC. Parts and texts are local time by zone() and daylight saving.
#pragma once

#include <time.h>

#include "device_os/functions.h"
#include "spark_wiring_string.h"

#define TIME_FORMAT_DEFAULT "asctime"
#define TIME_FORMAT_ISO8601_FULL "%Y-%m-%dT%H:%M:%S%z"

class TimeClass {
 public:
  // Set since start; an application without SYSTEM_THREAD that is on its way online waits for it.
  static bool isValid();
  operator bool() const { return isValid(); }
  static time32_t now() { return hal_rtc_get_unixtime_deprecated(); }  // seconds since 1970
  static time32_t local();                                             // with zone and daylight saving
  static void setTime(time_t t);

  static void zone(float hours);  // from UTC, -12 ... 14
  static float zone();
  static float getDSTOffset();
  static void setDSTOffset(float hours);  // 0 ... 2; 1 at the start
  static void beginDST();
  static void endDST();
  static uint8_t isDST();

  static int year() { return year(now()); }
  static int month() { return month(now()); }  // 1 ... 12
  static int day() { return day(now()); }      // 1 ... 31
  static int hour() { return hour(now()); }
  static int hourFormat12() { return hourFormat12(now()); }
  static uint8_t isAM() { return isAM(now()); }
  static uint8_t isPM() { return !isAM(); }
  static int minute() { return minute(now()); }
  static int second() { return second(now()); }
  static int weekday() { return weekday(now()); }  // 1 Sunday ... 7
  static int year(time_t t);
  static int month(time_t t);
  static int day(time_t t);
  static int hour(time_t t);
  static int hourFormat12(time_t t);
  static uint8_t isAM(time_t t) { return hour(t) < 12; }
  static uint8_t isPM(time_t t) { return !isAM(t); }
  static int minute(time_t t);
  static int second(time_t t);
  static int weekday(time_t t);

  // strftime() formats, or TIME_FORMAT_DEFAULT; without one, that of setFormat(). %z is the zone, "Z" for UTC.
  String format(time_t t, const char* format = nullptr);
  String format(const char* format = nullptr) { return TimeClass::format(now(), format); }
  void setFormat(const char* format);
  const char* getFormat() const;
  String timeStr() { return timeStr(now()); }
  static String timeStr(time_t t);
};

extern TimeClass Time;
