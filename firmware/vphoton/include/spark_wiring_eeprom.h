// Emulated EEPROM, 2048 bytes, erased bytes read 0xFF.
#pragma once

#include <stddef.h>
#include <stdint.h>

class EEPROMClass {
 public:
  uint8_t read(int address);
  void write(int address, uint8_t value);
  void update(int address, uint8_t value) { write(address, value); }
  uint16_t length();
  void clear();
  // Pages are never left to be erased later here.
  bool hasPendingErase() { return false; }
  void performPendingErase() {}

  template <typename T>
  T& get(int address, T& value) {
    read_block(address, &value, sizeof(T));
    return value;
  }
  template <typename T>
  const T& put(int address, const T& value) {
    write_block(address, &value, sizeof(T));
    return value;
  }

 private:
  void read_block(int address, void* data, size_t size);
  void write_block(int address, const void* data, size_t size);
};

extern EEPROMClass EEPROM;
