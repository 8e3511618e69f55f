// The counter that makes every radio frame a new one. A receiver ignores codes it has heard, so none may ever be sent
// twice, whatever happens to the power: codes are reserved in EEPROM some at a time before the first of them is sent.
#pragma once

#include "shade.h"

class RollingCode {
 public:
  // A receiver still follows after that many were skipped; at most so many are lost with each power cut.
  static constexpr uint32_t kReserved = 16;

  explicit RollingCode(shade::Storage& storage) : record_(storage, shade::eeprom::kVariant, 'R', 4) {}

  // False when what is stored is damaged: any code might be an old one.
  bool begin();
  // False when no code can be reserved; then none may be sent.
  bool next(uint32_t& code);

 private:
  static constexpr uint8_t kFormat = 1;

  shade::RecordStore record_;
  uint32_t next_ = 1;
  uint32_t reserved_ = 1;  // the first code that is not
};
