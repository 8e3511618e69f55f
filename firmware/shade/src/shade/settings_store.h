// Position and calibration in EEPROM: two slots written in turn, so that a power cut at any byte leaves one of them
// valid.
//
// Slot (32 bytes, little-endian): 0 'S' 'H', 2 format version, 3 flags (1 in motion, 2 calibrated, 4 position known),
// 4 sequence u32, 8 position u16 in hundredths, 10 zero u16, 12 open_ms u32, 16 close_ms u32, 20 zeros, 28 CRC-32 of
// bytes 0 ... 27.
#pragma once

#include <stdint.h>

#include "storage.h"
#include "travel.h"

namespace shade {

struct Settings {
  uint16_t position;  // hundredths, 0 closed ... 10000 open
  bool known;         // the position is more than a guess
  bool in_motion;     // the record was written as a move began
  bool calibrated;    // the travel times are this shade's own
  TravelTimes travel;
};

class SettingsStore {
 public:
  enum class Found { Nothing, Valid, Damaged };

  static constexpr int kAddress = 0;
  static constexpr int kSlotSize = 32;

  explicit SettingsStore(Storage& storage) : storage_(storage) {}

  // Fills `settings` only when a valid slot was found. Nothing: both slots are erased.
  Found load(Settings& settings);
  // False when the bytes did not arrive; the last valid slot is untouched then.
  bool save(const Settings& settings);

 private:
  Storage& storage_;
  int next_slot_ = 0;
  uint32_t sequence_ = 0;
};

}  // namespace shade
