// Local time, by a rule as POSIX writes it in TZ: `CET-1CEST,M3.5.0,M10.5.0/3`. Days are counted since 1970-01-01,
// minutes since its 00:00 UTC.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace shade {

int32_t day_of(int year, int month, int day_of_month);
// 0 Monday ... 6 Sunday.
int weekday_of(int32_t day);

class TimeZone {
 public:
  static constexpr int kBytes = 14;

  // Names are letters or <...>, and forgotten. Daylight saving by weeks only (`M`), with both dates. False: not
  // understood, and nothing was changed.
  bool parse(const char* text);
  // The rule with the names STD and DST.
  void write(char* text, size_t size) const;

  // Minutes to add to UTC.
  int offset_at(int32_t utc) const;
  // When a clock on the wall shows so many minutes after 00:00 of the day: the first time where it does twice; where it
  // never does, as much later as the clock was put forward.
  int32_t utc_of(int32_t day, int minutes) const;

  void save(uint8_t* bytes) const;
  void load(const uint8_t* bytes);

 private:
  // The week-th weekday of a month, 5: the last; minutes of local time.
  struct Change {
    uint8_t month;
    uint8_t week;
    uint8_t weekday;  // 0 Sunday
    int16_t minutes;
  };

  static const char* read_change(const char* at, Change& change);
  static int32_t when(const Change& change, int year, int offset);

  int16_t standard_ = 0;
  int16_t saving_ = 0;  // as the other: none
  Change begin_ = {};
  Change end_ = {};
};

}  // namespace shade
