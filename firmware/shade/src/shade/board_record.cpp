#include "board_record.h"

#include <stdio.h>
#include <string.h>

namespace shade {

bool BoardRecord::belongs_to(const char* variant) {
  RecordStore::Record record;
  if (record_.load(record) == RecordStore::Found::Valid) {
    memcpy(name_, record.payload, kPayload);
    return strcmp(name_, variant) == 0;
  }
  if (was_written()) return false;
  tie_to(variant);
  return true;
}

bool BoardRecord::tie_to(const char* variant) {
  RecordStore::Record record = {};
  record.version = kFormat;
  snprintf(reinterpret_cast<char*>(record.payload), kPayload, "%s", variant);
  if (!record_.save(record)) return false;
  memcpy(name_, record.payload, kPayload);
  return true;
}

bool BoardRecord::was_written() {
  for (int slot = 0; slot < 2; ++slot) {
    uint8_t begin[2];
    if (storage_.read(record_.address_of(slot), begin, sizeof begin) && begin[0] == 'S' && begin[1] == kTag)
      return true;
  }
  return false;
}

}  // namespace shade
