// Time.
#include <cstring>

#include "core/device.h"

#include "application.h"

using vphoton::device;

TimeClass Time;

namespace {

struct tm utc(time_t t) {
  struct tm parts;
  gmtime_r(&t, &parts);
  return parts;
}

}  // namespace

bool TimeClass::isValid() { return device().time_valid(); }
time_t TimeClass::now() { return device().unix_time(); }
void TimeClass::setTime(time_t t) { device().set_unix_time(static_cast<uint32_t>(t)); }

int TimeClass::year(time_t t) { return utc(t).tm_year + 1900; }
int TimeClass::month(time_t t) { return utc(t).tm_mon + 1; }
int TimeClass::day(time_t t) { return utc(t).tm_mday; }
int TimeClass::hour(time_t t) { return utc(t).tm_hour; }
int TimeClass::minute(time_t t) { return utc(t).tm_min; }
int TimeClass::second(time_t t) { return utc(t).tm_sec; }
int TimeClass::weekday(time_t t) { return utc(t).tm_wday + 1; }

String TimeClass::format(time_t t, const char* format) {
  if (!format || strcmp(format, TIME_FORMAT_DEFAULT) == 0) format = "%a %b %e %H:%M:%S %Y";
  struct tm parts = utc(t);
  char text[128];
  return String(text, static_cast<unsigned int>(strftime(text, sizeof text, format, &parts)));
}
