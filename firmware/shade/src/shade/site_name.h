// What the installer called the place: stays with the device whatever variant it becomes.
#pragma once

#include <string.h>

#include "record_store.h"

namespace shade {

class SiteName {
 public:
  static constexpr int kMaxLength = 31;  // bytes of UTF-8

  explicit SiteName(Storage& storage) : record_(storage, eeprom::kSite, 'N', kMaxLength + 1) {}

  void load() {
    RecordStore::Record record;
    bool found = record_.load(record) == RecordStore::Found::Valid && record.version == kFormat;
    if (found) memcpy(text_, record.payload, kMaxLength);
  }
  // False when it could not be stored; what was stays. Longer ones and control characters are refused.
  bool save(const char* text) {
    size_t length = strlen(text);
    if (length > kMaxLength) return false;
    for (size_t i = 0; i < length; ++i)
      if (static_cast<unsigned char>(text[i]) < 0x20) return false;
    RecordStore::Record record = {};
    record.version = kFormat;
    memcpy(record.payload, text, length);
    if (!record_.save(record)) return false;
    memcpy(text_, record.payload, sizeof text_);
    return true;
  }
  const char* text() const { return text_; }

 private:
  static constexpr uint8_t kFormat = 1;

  RecordStore record_;
  char text_[kMaxLength + 1] = "";
};

}  // namespace shade
