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

  static constexpr int kOverhead = 12;
  static constexpr int kMaxPayload = 36;

  // Occupies two slots of `payload_size` + 12 bytes from `address` on.
  RecordStore(Storage& storage, int address, char tag, int payload_size)
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

 private:
  int slot_size() const { return payload_size_ + kOverhead; }
  bool valid(const uint8_t* slot) const;

  Storage& storage_;
  const int address_;
  const char tag_;
  const int payload_size_;
  int next_slot_ = 0;
  uint32_t sequence_ = 0;
};

void put_number(uint8_t* at, uint32_t value, int bytes);
uint32_t get_number(const uint8_t* at, int bytes);

// Where each record lies.
namespace eeprom {
const int kSettings = 0;   // two slots of 32
const int kSite = 64;      // two slots of 44
const int kVariant = 160;  // a variant's own
}  // namespace eeprom

}  // namespace shade
