// Which variant a board is wired for, in its EEPROM: the first firmware that starts on it says so, and only the console
// changes it. A record of another variant keeps every output off.
//
// Payload: the variant's name, padded with zeros.
#pragma once

#include <stdint.h>

#include "record_store.h"

namespace shade {

class BoardRecord {
 public:
  static constexpr size_t kPayload = 16;

  explicit BoardRecord(Storage& storage) : storage_(storage), record_(storage, eeprom::kBoard, kTag, kPayload) {}

  // Whether the board is this variant's, or nobody's: then it is made this variant's.
  bool belongs_to(const char* variant);
  bool tie_to(const char* variant);
  // The variant it is wired for; empty: none is told, or what was is damaged.
  const char* name() const { return name_; }

 private:
  static constexpr char kTag = 'B';
  static constexpr uint8_t kFormat = 1;

  // Bytes that no firmware of this library has written are no record that was damaged.
  bool was_written();

  Storage& storage_;
  RecordStore record_;
  char name_[kPayload + 1] = {};
};

}  // namespace shade
