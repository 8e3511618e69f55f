// Position and calibration in EEPROM.
//
// Payload: 0 position u16 in hundredths, 2 tilt's position u16, 4 and 8 the two numbers of the calibration u32,
// 12 measure u8, 13 and 15 seconds of heat of lift and tilt u16, 17 seconds run u24. Flags: 1 in motion, 2 calibrated,
// 4 position known, 8 tilt in motion, 16 tilt known. Format 1 knew no tilt and no measure but time; it is read, and the
// next save makes it format 2.
#pragma once

#include <stdint.h>

#include "record_store.h"
#include "travel.h"

namespace shade {

struct AxisRecord {
  uint16_t position;  // hundredths, 0 closed ... 10000 open
  bool known;         // the position is more than a guess
  bool in_motion;     // the record was written before a motor got power, and none after it rested
  uint16_t heat;      // seconds at full duty the motor has behind it
};

struct Settings {
  AxisRecord lift;
  AxisRecord tilt;
  bool calibrated;  // the travel is this shade's own
  Measure measure;
  Travel travel;
  uint32_t run_s = 0;  // how long the motors have run in all, at most kMostRun
};

class SettingsStore {
 public:
  using Found = RecordStore::Found;

  static constexpr size_t kPayload = 20;
  static constexpr uint32_t kMostRun = 0xFFFFFF;
  static constexpr size_t kSlotSize = kPayload + RecordStore::kOverhead;

  explicit SettingsStore(Storage& storage) : record_(storage, eeprom::kSettings, 'H', kPayload) {}

  // Fills `settings` only when a valid record was found.
  Found load(Settings& settings);
  bool save(const Settings& settings);

 private:
  RecordStore record_;
};

}  // namespace shade
