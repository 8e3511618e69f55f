#include "schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codes.h"
#include "numbers.h"

namespace shade {

namespace {

const uint8_t kFormat = 1;

// Degrees with at most two decimals, in hundredths.
bool read_degrees(const char* text, char end, int most, int16_t& hundredths, const char** rest) {
  bool negative = *text == '-';
  const char* at = text + negative;
  uint32_t whole = 0, part = 0;
  while (*at >= '0' && *at <= '9' && whole <= 180) whole = whole * 10 + static_cast<uint32_t>(*at++ - '0');
  if (at == text + negative) return false;
  if (*at == '.') {
    ++at;
    for (uint32_t weight = 10; weight > 0; weight /= 10)
      if (*at >= '0' && *at <= '9') part += weight * static_cast<uint32_t>(*at++ - '0');
  }
  uint32_t value = whole * 100 + part;
  if (*at != end || value > static_cast<uint32_t>(most) * 100) return false;
  hundredths = static_cast<int16_t>(negative ? -static_cast<int>(value) : static_cast<int>(value));
  *rest = end ? at + 1 : at;
  return true;
}

}  // namespace

void Schedule::load() {
  RecordStore::Record record;
  if (entries_record_.load(record) == RecordStore::Found::Valid && record.version == kFormat) {
    for (int i = 0; i < kEntries; ++i) {
      const uint8_t* at = record.payload + static_cast<size_t>(4 * i);
      Entry entry;
      entry.days = at[0];
      entry.when = static_cast<int16_t>(get_number(at + 1, 2));
      entry.target = at[3];
      entries_[i] = usable(entry) ? entry : Entry();
    }
  }
  if (zone_record_.load(record) == RecordStore::Found::Valid && record.version == kFormat) {
    zone_.load(record.payload);
    latitude_ = static_cast<int16_t>(get_number(record.payload + TimeZone::kBytes, 2));
    longitude_ = static_cast<int16_t>(get_number(record.payload + TimeZone::kBytes + 2, 2));
    has_place_ = (record.flags & 1) && abs(latitude_) <= 9000 && abs(longitude_) <= 18000;
  }
}

// What a command could have made.
bool Schedule::usable(const Entry& entry) {
  bool on_wall = entry.when >= 0 && entry.when < 1440;
  bool by_sun = abs(entry.when - kSunrise) <= kMostBeside || abs(entry.when - kSunset) <= kMostBeside;
  return entry.days < 1 << 7 && entry.target <= 100 && (on_wall || by_sun);
}

bool Schedule::store_entries() {
  RecordStore::Record record = {};
  record.version = kFormat;
  for (int i = 0; i < kEntries; ++i) {
    uint8_t* at = record.payload + static_cast<size_t>(4 * i);
    at[0] = entries_[i].days;
    put_number(at + 1, static_cast<uint16_t>(entries_[i].when), 2);
    at[3] = entries_[i].target;
  }
  return entries_record_.save(record);
}

bool Schedule::store_zone() {
  RecordStore::Record record = {};
  record.version = kFormat;
  record.flags = has_place_;
  zone_.save(record.payload);
  put_number(record.payload + TimeZone::kBytes, static_cast<uint16_t>(latitude_), 2);
  put_number(record.payload + TimeZone::kBytes + 2, static_cast<uint16_t>(longitude_), 2);
  for (Sun& sun : suns_) sun.day = -1;
  return zone_record_.save(record);
}

bool Schedule::forget() {
  for (Entry& entry : entries_) entry = Entry();
  zone_ = TimeZone();
  latitude_ = longitude_ = 0;
  has_place_ = false;
  // In both slots, so that what was before is gone as well.
  return store_entries() && store_entries() && store_zone() && store_zone();
}

int Schedule::command(const char* argument) {
  Entry old[kEntries];
  memcpy(old, entries_, sizeof old);
  bool stored;
  if (strncmp(argument, "zone ", 5) == 0) {
    TimeZone before = zone_;
    if (!zone_.parse(argument + 5)) return kBadArgument;
    stored = store_zone();
    if (!stored) zone_ = before;
  } else if (strncmp(argument, "place ", 6) == 0) {
    int16_t north, east;
    const char* rest;
    if (!read_degrees(argument + 6, ' ', 90, north, &rest)) return kBadArgument;
    if (!read_degrees(rest, '\0', 180, east, &rest)) return kBadArgument;
    int16_t old_north = latitude_, old_east = longitude_;
    bool had = has_place_;
    latitude_ = north;
    longitude_ = east;
    has_place_ = true;
    stored = store_zone();
    if (!stored) latitude_ = old_north, longitude_ = old_east, has_place_ = had;
  } else {
    uint32_t number = 0;
    const char* rest = "";
    if (strcmp(argument, "clear") == 0) {
      for (Entry& entry : entries_) entry = Entry();
    } else {
      if (!read_number(argument, ' ', kEntries, number, &rest) || number == 0) return kBadArgument;
      Entry entry;
      if (strcmp(rest, "off") != 0 && !parse_entry(rest, entry)) return kBadArgument;
      entries_[number - 1] = entry;
    }
    stored = store_entries();
    if (!stored) memcpy(entries_, old, sizeof old);
  }
  return stored ? 0 : static_cast<int>(kNotStored);
}

bool Schedule::parse_entry(const char* text, Entry& entry) {
  for (; *text >= '1' && *text <= '7'; ++text) entry.days = static_cast<uint8_t>(entry.days | 1 << (*text - '1'));
  if (entry.days == 0 || *text != ' ') return false;
  uint32_t target;
  if (!parse_when(text + 1, &text, entry.when) || !read_number(text, '\0', 100, target)) return false;
  entry.target = static_cast<uint8_t>(target);
  return true;
}

bool Schedule::parse_when(const char* text, const char** rest, int16_t& when) {
  bool rise = strncmp(text, "sunrise", 7) == 0;
  uint32_t hours, minutes = 0;
  if (!rise && strncmp(text, "sunset", 6) != 0) {
    if (!read_number(text, ':', 23, hours, &text) || !read_number(text, ' ', 59, minutes, rest)) return false;
    when = static_cast<int16_t>(hours * 60 + minutes);
    return true;
  }
  text += rise ? 7 : 6;
  char sign = *text;
  if (sign == ' ')
    *rest = text + 1;
  else if ((sign != '+' && sign != '-') || !read_number(text + 1, ' ', kMostBeside, minutes, rest))
    return false;
  int beside = static_cast<int>(minutes);
  when = static_cast<int16_t>((rise ? kSunrise : kSunset) + (sign == '-' ? -beside : beside));
  return true;
}

void Schedule::write(char* text, size_t size) const {
  size_t length = 0;
  text[0] = '\0';
  auto put = [&](const char* part) {
    length += static_cast<size_t>(snprintf(text + length, size - length, "%s", part));
  };
  char part[48];
  for (int i = 0; i < kEntries; ++i) {
    const Entry& entry = entries_[i];
    if (entry.days == 0) continue;
    char days[8];
    int count = 0;
    for (int day = 0; day < 7; ++day)
      if (entry.days & 1 << day) days[count++] = static_cast<char>('1' + day);
    days[count] = '\0';
    char when[16];
    if (entry.when < 1440)
      snprintf(when, sizeof when, "%02d:%02d", entry.when / 60, entry.when % 60);
    else
      snprintf(when, sizeof when, "%s%+d", entry.when < 6000 ? "sunrise" : "sunset",
               entry.when - (entry.when < 6000 ? kSunrise : kSunset));
    snprintf(part, sizeof part, "%d %s %s %d;", i + 1, days, when, entry.target);
    put(part);
  }
  put("zone ");
  zone_.write(part, sizeof part);
  put(part);
  if (!has_place_) return;
  auto degrees = [&](int16_t value) {
    int magnitude = value < 0 ? -value : value;
    snprintf(part, sizeof part, " %s%d.%02d", value < 0 ? "-" : "", magnitude / 100, magnitude % 100);
    put(part);
  };
  put(";place");
  degrees(latitude_);
  degrees(longitude_);
}

int Schedule::due(uint32_t utc) {
  int32_t now = static_cast<int32_t>(utc / 60);
  // A clock that was put back a little does nothing twice; one that was far off says nothing about what was missed.
  if (done_ == 0 || now - done_ > kCatchUp || done_ - now > kCatchUp) done_ = now - 1;
  int target = -1;
  while (done_ < now) {
    int found = due_in(++done_);
    if (found >= 0) target = found;
  }
  return target;
}

// The last entry's target wins where two are due in one minute.
int Schedule::due_in(int32_t minute) {
  int32_t today = (minute + zone_.offset_at(minute)) / 1440;
  int target = -1;
  for (const Entry& entry : entries_)
    for (int32_t day = today - 1; entry.days != 0 && day <= today + 1; ++day)
      if (falls_on(entry, day, minute)) target = entry.target;
  return target;
}

bool Schedule::falls_on(const Entry& entry, int32_t day, int32_t minute) {
  if (day < 0 || !(entry.days & 1 << weekday_of(day))) return false;
  if (entry.when < 1440) return zone_.utc_of(day, entry.when) == minute;
  if (!has_place_) return false;
  Sun& sun = suns_[day % 3];
  if (sun.day != day) {
    sun.day = day;
    sun.rises = sun_on(day, static_cast<float>(latitude_) / 100, static_cast<float>(longitude_) / 100, sun.at);
  }
  if (!sun.rises) return false;
  bool rise = entry.when < 6000;
  int32_t beside = entry.when - (rise ? kSunrise : kSunset);
  return day * 1440 + (rise ? sun.at.rise : sun.at.set) + beside == minute;
}

}  // namespace shade
