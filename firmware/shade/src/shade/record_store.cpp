#include "record_store.h"

#include <string.h>

#include "crc32.h"

namespace shade {

void put_number(uint8_t* at, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) at[i] = static_cast<uint8_t>(value >> (8 * i));
}

uint32_t get_number(const uint8_t* at, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= static_cast<uint32_t>(at[i]) << (8 * i);
  return value;
}

bool RecordStore::valid(const uint8_t* slot) const {
  size_t checksum = slot_size() - 4;
  return slot[0] == 'S' && slot[1] == static_cast<uint8_t>(tag_) &&
         get_number(slot + checksum, 4) == crc32(slot, checksum);
}

RecordStore::Found RecordStore::load(Record& record) {
  bool found = false;
  bool all_erased = true;
  for (int i = 0; i < 2; ++i) {
    uint8_t slot[kMaxPayload + kOverhead];
    if (!storage_.read(address_of(i), slot, slot_size())) {
      all_erased = false;
      continue;
    }
    bool erased = true;
    for (size_t at = 0; at < slot_size(); ++at) erased = erased && slot[at] == 0xFF;
    if (erased) continue;
    all_erased = false;
    if (!valid(slot)) continue;
    // The later one counts; the difference decides, so that the sequence may wrap.
    uint32_t sequence = get_number(slot + 4, 4);
    if (found && static_cast<int32_t>(sequence - sequence_) < 0) continue;
    found = true;
    record.version = slot[2];
    record.flags = slot[3];
    memcpy(record.payload, slot + 8, payload_size_);
    sequence_ = sequence;
    next_slot_ = 1 - i;
  }
  if (found) return Found::Valid;
  return all_erased ? Found::Nothing : Found::Damaged;
}

bool RecordStore::save(const Record& record) {
  uint8_t slot[kMaxPayload + kOverhead] = {'S', static_cast<uint8_t>(tag_), record.version, record.flags};
  put_number(slot + 4, sequence_ + 1, 4);
  memcpy(slot + 8, record.payload, payload_size_);
  size_t checksum = slot_size() - 4;
  put_number(slot + checksum, crc32(slot, checksum), 4);
  int address = address_of(next_slot_);
  if (!storage_.write(address, slot, slot_size())) return false;
  uint8_t written[kMaxPayload + kOverhead];
  if (!storage_.read(address, written, slot_size()) || memcmp(slot, written, slot_size()) != 0) return false;
  ++sequence_;
  next_slot_ = 1 - next_slot_;
  return true;
}

}  // namespace shade
