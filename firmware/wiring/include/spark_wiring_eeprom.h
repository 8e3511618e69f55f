// Emulated EEPROM, 2048 bytes, erased bytes read 0xFF.
#pragma once

#include "device_os/functions.h"

class EEPROMClass {
 public:
  EEPROMClass() { HAL_EEPROM_Init(); }

  uint8_t read(int address) { return HAL_EEPROM_Read(static_cast<uint32_t>(address)); }
  void write(int address, uint8_t value) { HAL_EEPROM_Write(static_cast<uint32_t>(address), value); }
  void update(int address, uint8_t value) { write(address, value); }
  uint16_t length() { return static_cast<uint16_t>(HAL_EEPROM_Length()); }
  void clear() { HAL_EEPROM_Clear(); }
  // A full page is erased when the next write needs room, for about 200 ms and more, unless that is done before.
  bool hasPendingErase() { return HAL_EEPROM_Has_Pending_Erase(); }
  void performPendingErase() { HAL_EEPROM_Perform_Pending_Erase(); }

  // A block is stored whole or not at all.
  template <typename T>
  T& get(int address, T& value) {
    HAL_EEPROM_Get(static_cast<uint32_t>(address), &value, sizeof(T));
    return value;
  }
  template <typename T>
  const T& put(int address, const T& value) {
    HAL_EEPROM_Put(static_cast<uint32_t>(address), &value, sizeof(T));
    return value;
  }
};

// There with its first use, also in constructors and STARTUP().
EEPROMClass& __fetch_global_EEPROM();
#define EEPROM __fetch_global_EEPROM()
