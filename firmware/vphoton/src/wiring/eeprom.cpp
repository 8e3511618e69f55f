// EEPROM.
#include "core/device.h"

#include "application.h"

using vphoton::device;

EEPROMClass EEPROM;

namespace {

bool exists(int address, size_t size) {
  return address >= 0 && size <= device().eeprom_length() &&
         address <= static_cast<int>(device().eeprom_length() - size);
}

}  // namespace

uint8_t EEPROMClass::read(int address) { return exists(address, 1) ? device().eeprom_read(address) : 0xFF; }

void EEPROMClass::write(int address, uint8_t value) { write_block(address, &value, 1); }

uint16_t EEPROMClass::length() { return static_cast<uint16_t>(device().eeprom_length()); }

void EEPROMClass::clear() { device().eeprom_clear(); }

void EEPROMClass::read_block(int address, void* data, size_t size) {
  for (size_t i = 0; i < size; ++i) static_cast<uint8_t*>(data)[i] = read(address + static_cast<int>(i));
}

void EEPROMClass::write_block(int address, const void* data, size_t size) {
  if (exists(address, size)) device().eeprom_write(address, static_cast<const uint8_t*>(data), size);
}
