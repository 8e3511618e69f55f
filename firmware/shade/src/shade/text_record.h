// A short text in EEPROM.
#pragma once

#include <string.h>

#include "record_store.h"

namespace shade {

template <size_t kMost>
class TextRecord {
 public:
  static constexpr size_t kMaxLength = kMost;  // bytes of UTF-8

  TextRecord(Storage& storage, int address, char tag) : record_(storage, address, tag, kMaxLength + 1) {}

  void load() {
    RecordStore::Record record;
    bool found = record_.load(record) == RecordStore::Found::Valid && record.version == kFormat;
    if (!found) return;
    memcpy(text_, record.payload, kMaxLength);
    flag_ = record.flags & 1;
  }
  // False when it could not be stored; what was stays. Longer ones and control characters are refused.
  bool save(const char* text, bool flag = false) {
    size_t length = strlen(text);
    if (length > kMaxLength) return false;
    for (size_t i = 0; i < length; ++i)
      if (static_cast<unsigned char>(text[i]) < 0x20) return false;
    RecordStore::Record record = {};
    record.version = kFormat;
    record.flags = flag;
    memcpy(record.payload, text, length);
    if (!record_.save(record)) return false;
    memcpy(text_, record.payload, sizeof text_);
    flag_ = flag;
    return true;
  }
  // In both slots, so that the text before is gone as well.
  bool erase() { return save("") && save(""); }
  const char* text() const { return text_; }
  bool flag() const { return flag_; }

 private:
  static constexpr uint8_t kFormat = 1;

  RecordStore record_;
  char text_[kMaxLength + 1] = {};
  bool flag_ = false;
};

}  // namespace shade
