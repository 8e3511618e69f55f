// Moves at times of the day, by the shade's own clock: eight entries, each on some days of the week, at a time on the
// wall or before or after sunrise or sunset. Needs the time, not the cloud.
//
//   1 12345 07:30 40          entry 1, Monday to Friday, to 40
//   2 1234567 sunset-30 0     half an hour before sunset
//   2 off                     without entry 2
//   zone CET-1CEST,M3.5.0,M10.5.0/3
//   place 52.52 13.40         degrees, north and east
//   clear                     no entries; zone and place stay
//
// Records: the entries' four bytes each (days as bits from Monday on, when i16, target); zone 14, latitude and
// longitude i16 in hundredths of a degree.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "record_store.h"
#include "sun.h"
#include "time_zone.h"

namespace shade {

class Schedule {
 public:
  static constexpr int kEntries = 8;
  // Minutes that may have passed unseen and are made up for: a slow update, a clock put right.
  static constexpr int32_t kCatchUp = 15;
  static constexpr int kMostBeside = 180;  // minutes before or after the sun

  explicit Schedule(Storage& storage)
      : entries_record_(storage, eeprom::kSchedule, 'T', kEntries * 4), zone_record_(storage, eeprom::kZone, 'Z', 20) {}

  void load();
  // A line as above; 0, kBadArgument, or kNotStored.
  int command(const char* argument);
  // Forgets entries, zone and place; false when that could not be stored.
  bool forget();
  // At most 300 characters: entries, zone and place, with `;` between.
  void write(char* text, size_t size) const;
  // `utc` in seconds since 1970; where the shade is to go now, by what was due since the last call; -1: nowhere.
  int due(uint32_t utc);

 private:
  struct Entry {
    uint8_t days = 0;  // 0: no entry
    int16_t when = 0;  // minutes of the day; from the sun: minutes beside it and one of the two below
    uint8_t target = 0;
  };
  static constexpr int16_t kSunrise = 4000;
  static constexpr int16_t kSunset = 8000;

  static bool usable(const Entry& entry);
  static bool parse_entry(const char* text, Entry& entry);
  static bool parse_when(const char* text, const char** rest, int16_t& when);
  bool store_entries();
  bool store_zone();
  int due_in(int32_t minute);
  bool falls_on(const Entry& entry, int32_t day, int32_t minute);

  RecordStore entries_record_;
  RecordStore zone_record_;
  Entry entries_[kEntries];
  TimeZone zone_;
  int16_t latitude_ = 0, longitude_ = 0;
  bool has_place_ = false;
  int32_t done_ = 0;  // the last minute that was looked at; 0: none
  // The sun of yesterday, today and tomorrow.
  struct Sun {
    int32_t day = -1;
    bool rises = false;
    SunDay at = {};
  } suns_[3];
};

}  // namespace shade
