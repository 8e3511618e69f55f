// Time.
#include <cstdio>
#include <cstring>
#include <string>

#include "core/device.h"

#include "application.h"

using vphoton::device;

TimeClass Time;

namespace {

int zone_s = 0;
int dst_offset_s = 3600;
bool dst = false;
const char* default_format = TIME_FORMAT_DEFAULT;

int offset_s() { return zone_s + (dst ? dst_offset_s : 0); }

struct tm local_parts(time_t t) {
  t += offset_s();
  struct tm parts;
  gmtime_r(&t, &parts);
  return parts;
}

std::string zone_text() {
  int minutes = offset_s() / 60;
  if (minutes == 0) return "Z";
  char text[16];
  snprintf(text, sizeof text, "%c%02d:%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60, abs(minutes) % 60);
  return text;
}

}  // namespace

bool TimeClass::isValid() { return device().time_valid(); }
time32_t TimeClass::now() { return static_cast<time32_t>(device().unix_time()); }
time32_t TimeClass::local() { return now() + offset_s(); }
void TimeClass::setTime(time_t t) { device().set_unix_time(static_cast<uint32_t>(t)); }

void TimeClass::zone(float hours) {
  if (hours >= -12 && hours <= 14) zone_s = static_cast<int>(hours * 3600);
}
float TimeClass::zone() { return static_cast<float>(zone_s) / 3600; }
float TimeClass::getDSTOffset() { return static_cast<float>(dst_offset_s) / 3600; }
void TimeClass::setDSTOffset(float hours) {
  if (hours >= 0 && hours <= 2) dst_offset_s = static_cast<int>(hours * 3600);
}
void TimeClass::beginDST() { dst = true; }
void TimeClass::endDST() { dst = false; }
uint8_t TimeClass::isDST() { return dst; }

int TimeClass::year(time_t t) { return local_parts(t).tm_year + 1900; }
int TimeClass::month(time_t t) { return local_parts(t).tm_mon + 1; }
int TimeClass::day(time_t t) { return local_parts(t).tm_mday; }
int TimeClass::hour(time_t t) { return local_parts(t).tm_hour; }
int TimeClass::hourFormat12(time_t t) { return (hour(t) + 11) % 12 + 1; }
int TimeClass::minute(time_t t) { return local_parts(t).tm_min; }
int TimeClass::second(time_t t) { return local_parts(t).tm_sec; }
int TimeClass::weekday(time_t t) { return local_parts(t).tm_wday + 1; }

String TimeClass::format(time_t t, const char* format) {
  if (!format) format = default_format;
  std::string pattern = strcmp(format, TIME_FORMAT_DEFAULT) == 0 ? "%a %b %e %H:%M:%S %Y" : format;
  for (size_t at; (at = pattern.find("%z")) != std::string::npos;) pattern.replace(at, 2, zone_text());
  struct tm parts = local_parts(t);
  char text[128];
  return String(text, static_cast<unsigned int>(strftime(text, sizeof text, pattern.c_str(), &parts)));
}

void TimeClass::setFormat(const char* format) { default_format = format ? format : TIME_FORMAT_DEFAULT; }
String TimeClass::timeStr(time_t t) { return Time.format(t, TIME_FORMAT_DEFAULT); }
const char* TimeClass::getFormat() const { return default_format; }
