// Time.
#include "spark_wiring_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spark_wiring_cloud.h"
#include "spark_wiring_system.h"

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

// What %z stands for, at most 7 characters.
void zone_text(char* text, size_t size) {
  int minutes = offset_s() / 60;
  if (minutes == 0)
    snprintf(text, size, "Z");
  else
    snprintf(text, size, "%c%02d:%02d", minutes < 0 ? '-' : '+', abs(minutes) / 60 % 100, abs(minutes) % 60);
}

}  // namespace

bool TimeClass::isValid() {
  if (hal_rtc_time_is_valid(nullptr)) return true;
  if (SystemClass::mode() != AUTOMATIC || system_thread_get_state(nullptr) != spark::feature::DISABLED) return false;
  waitUntil(Particle.syncTimeDone);
  return hal_rtc_time_is_valid(nullptr);
}

time32_t TimeClass::local() { return now() + offset_s(); }
void TimeClass::setTime(time_t t) {
  struct timeval now = {};
  now.tv_sec = t;
  hal_rtc_set_time(&now, nullptr);
}

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
  if (strcmp(format, TIME_FORMAT_DEFAULT) == 0) format = "%a %b %e %H:%M:%S %Y";
  char zone[16];
  zone_text(zone, sizeof zone);
  char pattern[96];
  size_t length = 0;
  for (const char* at = format; *at && length + sizeof zone < sizeof pattern; ++at) {
    if (at[0] != '%' || at[1] == '\0') {
      pattern[length++] = *at;
    } else if (at[1] == 'z') {
      strcpy(pattern + length, zone);
      length += strlen(zone);
      ++at;
    } else {
      pattern[length++] = *at++;
      pattern[length++] = *at;
    }
  }
  pattern[length] = '\0';
  struct tm parts = local_parts(t);
  char text[128];
  return String(text, static_cast<unsigned int>(strftime(text, sizeof text, pattern, &parts)));
}

void TimeClass::setFormat(const char* format) { default_format = format ? format : TIME_FORMAT_DEFAULT; }
String TimeClass::timeStr(time_t t) { return Time.format(t, TIME_FORMAT_DEFAULT); }
const char* TimeClass::getFormat() const { return default_format; }
