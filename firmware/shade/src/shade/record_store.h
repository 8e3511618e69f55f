// A small record in EEPROM: two slots written in turn, so that a power cut at any byte leaves one of them valid.
//
// Slot, little-endian: 0 'S', 1 tag, 2 format version, 3 flags, 4 sequence u32, 8 payload, then CRC-32 of all before.
#pragma once

#include <stdint.h>

#include "storage.h"

namespace shade {

class RecordStore {
 public:
  enum class Found { Nothing, Valid, Damaged };

  static constexpr size_t kOverhead = 12;
  static constexpr size_t kMaxPayload = 36;

  // Occupies two slots of `payload_size` + 12 bytes from `address` on.
  RecordStore(Storage& storage, int address, char tag, size_t payload_size)
      : storage_(storage), address_(address), tag_(tag), payload_size_(payload_size) {}

  struct Record {
    uint8_t version;
    uint8_t flags;
    uint8_t payload[kMaxPayload];
  };

  // Fills `record` only when a valid slot was found. Nothing: both slots are erased.
  Found load(Record& record);
  // False when the bytes did not arrive; the last valid slot is untouched then.
  bool save(const Record& record);
  // Of slot 0 or 1.
  int address_of(int slot) const { return address_ + slot * static_cast<int>(slot_size()); }

 private:
  size_t slot_size() const { return payload_size_ + kOverhead; }
  bool valid(const uint8_t* slot) const;

  Storage& storage_;
  const int address_;
  const char tag_;
  const size_t payload_size_;
  int next_slot_ = 0;
  uint32_t sequence_ = 0;
};

void put_number(uint8_t* at, uint32_t value, int bytes);
uint32_t get_number(const uint8_t* at, int bytes);

// Where each record lies.
namespace eeprom {
const int kSettings = 0;    // two slots of 32
const int kSite = 64;       // two slots of 44
const int kSchedule = 160;  // two slots of 44
const int kZone = 248;      // two slots of 32
const int kBoard = 320;     // two slots of 28
const int kOwner = 376;     // two slots of 28
const int kGroups = 432;    // two slots of 40, up to 512
}  // namespace eeprom

}  // namespace shade
