// What the installer called the place: stays with the device whatever variant it becomes.
#pragma once

#include "text_record.h"

namespace shade {

class SiteName : public TextRecord<31> {
 public:
  explicit SiteName(Storage& storage) : TextRecord(storage, eeprom::kSite, 'N') {}
};

}  // namespace shade
