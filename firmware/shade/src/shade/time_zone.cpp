#include "time_zone.h"

#include <stdio.h>

#include <initializer_list>

#include "record_store.h"

namespace shade {

namespace {

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// Three letters or more, or anything in <>; null: none.
const char* read_name(const char* at) {
  const char* from = at;
  if (*at == '<') {
    while (*at && *at != '>') ++at;
    return *at == '>' && at - from > 3 ? at + 1 : nullptr;
  }
  while (is_letter(*at)) ++at;
  return at - from >= 3 ? at : nullptr;
}

const char* read_digits(const char* at, int most, int& value) {
  const char* from = at;
  for (value = 0; *at >= '0' && *at <= '9' && value <= most; ++at) value = value * 10 + (*at - '0');
  return at != from && value <= most ? at : nullptr;
}

// [+-]hh[:mm] in minutes.
const char* read_time(const char* at, int most_hours, int& minutes) {
  bool negative = *at == '-';
  if (*at == '-' || *at == '+') ++at;
  int hours, rest = 0;
  if (!(at = read_digits(at, most_hours, hours))) return nullptr;
  if (*at == ':' && !(at = read_digits(at + 1, 59, rest))) return nullptr;
  minutes = hours * 60 + rest;
  if (negative) minutes = -minutes;
  return at;
}

int year_of(int32_t day) {
  // Whole years of the 146,097 days in four centuries, which is off by one at most.
  int year = 1970 + static_cast<int>(static_cast<int64_t>(day) * 400 / 146097);
  if (day < day_of(year, 1, 1)) --year;
  if (day >= day_of(year + 1, 1, 1)) ++year;
  return year;
}

int floor_divide(int value, int by) { return value >= 0 ? value / by : -((by - 1 - value) / by); }

}  // namespace

int32_t day_of(int year, int month, int day_of_month) {
  // Years that begin in March have their leap day at the end.
  if (month < 3) --year, month += 12;
  return 365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + day_of_month - 719469;
}

int weekday_of(int32_t day) { return static_cast<int>(((day + 3) % 7 + 7) % 7); }

const char* TimeZone::read_change(const char* at, Change& change) {
  int month, week, weekday, minutes = 120;
  if (*at++ != ',' || *at++ != 'M' || !(at = read_digits(at, 12, month)) || *at++ != '.' ||
      !(at = read_digits(at, 5, week)) || *at++ != '.' || !(at = read_digits(at, 6, weekday)))
    return nullptr;
  if (*at == '/' && !(at = read_time(at + 1, 24, minutes))) return nullptr;
  if (month == 0 || week == 0 || minutes < 0) return nullptr;
  change = {static_cast<uint8_t>(month), static_cast<uint8_t>(week), static_cast<uint8_t>(weekday),
            static_cast<int16_t>(minutes)};
  return at;
}

bool TimeZone::parse(const char* text) {
  TimeZone read;
  int west;
  const char* at = read_name(text);
  if (!at || !(at = read_time(at, 14, west))) return false;
  read.standard_ = read.saving_ = static_cast<int16_t>(-west);
  if (*at) {
    int saving = west - 60;
    if (!(at = read_name(at))) return false;
    if (*at != ',' && !(at = read_time(at, 14, saving))) return false;
    read.saving_ = static_cast<int16_t>(-saving);
    if (!(at = read_change(at, read.begin_)) || !(at = read_change(at, read.end_)) || *at) return false;
    if (read.saving_ <= read.standard_) return false;
  }
  *this = read;
  return true;
}

void TimeZone::write(char* text, size_t size) const {
  auto hours = [](int minutes, char* out) {
    int magnitude = minutes < 0 ? -minutes : minutes;
    snprintf(out, 8, magnitude % 60 ? "%s%d:%02d" : "%s%d", minutes < 0 ? "-" : "", magnitude / 60, magnitude % 60);
  };
  char standard[8], saving[8], begin[8], end[8];
  hours(-standard_, standard);
  hours(-saving_, saving);
  hours(begin_.minutes, begin);
  hours(end_.minutes, end);
  if (standard_ == saving_)
    snprintf(text, size, "STD%s", standard);
  else
    snprintf(text, size, "STD%sDST%s,M%d.%d.%d/%s,M%d.%d.%d/%s", standard, saving, begin_.month, begin_.week,
             begin_.weekday, begin, end_.month, end_.week, end_.weekday, end);
}

int32_t TimeZone::when(const Change& change, int year, int offset) {
  int32_t first = day_of(year, change.month, 1);
  int32_t after = change.month == 12 ? day_of(year + 1, 1, 1) : day_of(year, change.month + 1, 1);
  int32_t day = first + (change.weekday + 6 - weekday_of(first)) % 7 + 7 * (change.week - 1);
  while (day >= after) day -= 7;
  return day * 1440 + change.minutes - offset;
}

int TimeZone::offset_at(int32_t utc) const {
  if (standard_ == saving_) return standard_;
  int year = year_of(floor_divide(utc + standard_, 1440));
  int32_t begin = when(begin_, year, standard_), end = when(end_, year, saving_);
  // South of the equator the summer has a new year in it.
  bool saves = begin < end ? utc >= begin && utc < end : utc >= begin || utc < end;
  return saves ? saving_ : standard_;
}

int32_t TimeZone::utc_of(int32_t day, int minutes) const {
  int32_t wall = day * 1440 + minutes;
  return offset_at(wall - saving_) == saving_ ? wall - saving_ : wall - standard_;
}

void TimeZone::save(uint8_t* bytes) const {
  put_number(bytes, static_cast<uint16_t>(standard_), 2);
  put_number(bytes + 2, static_cast<uint16_t>(saving_), 2);
  for (const Change* change : {&begin_, &end_}) {
    uint8_t* at = bytes + (change == &begin_ ? 4 : 9);
    at[0] = change->month;
    at[1] = change->week;
    at[2] = change->weekday;
    put_number(at + 3, static_cast<uint16_t>(change->minutes), 2);
  }
}

void TimeZone::load(const uint8_t* bytes) {
  standard_ = static_cast<int16_t>(get_number(bytes, 2));
  saving_ = static_cast<int16_t>(get_number(bytes + 2, 2));
  for (Change* change : {&begin_, &end_}) {
    const uint8_t* at = bytes + (change == &begin_ ? 4 : 9);
    *change = {at[0], at[1], at[2], static_cast<int16_t>(get_number(at + 3, 2))};
  }
  // Bytes that no rule makes are none.
  char rule[48];
  write(rule, sizeof rule);
  if (!parse(rule)) *this = TimeZone();
}

}  // namespace shade
