// Emulated EEPROM, 2048 bytes, erased bytes read 0xFF.
#pragma once

#include "device_os/functions.h"

// One byte, as if it were in memory: EEPROM[3] += 1. What is the same already is not written.
class EERef {
 public:
  EERef(const int address) : address_(address) {}

  uint8_t operator*() const { return HAL_EEPROM_Read(static_cast<uint32_t>(address_)); }
  operator uint8_t() const { return **this; }
  EERef& operator=(const EERef& other) { return *this = *other; }
  EERef& operator=(uint8_t value) {
    HAL_EEPROM_Write(static_cast<uint32_t>(address_), value);
    return *this;
  }
  EERef& operator+=(uint8_t value) { return *this = static_cast<uint8_t>(**this + value); }
  EERef& operator-=(uint8_t value) { return *this = static_cast<uint8_t>(**this - value); }
  EERef& operator*=(uint8_t value) { return *this = static_cast<uint8_t>(**this * value); }
  EERef& operator/=(uint8_t value) { return *this = static_cast<uint8_t>(**this / value); }
  EERef& operator%=(uint8_t value) { return *this = static_cast<uint8_t>(**this % value); }
  EERef& operator^=(uint8_t value) { return *this = static_cast<uint8_t>(**this ^ value); }
  EERef& operator&=(uint8_t value) { return *this = static_cast<uint8_t>(**this & value); }
  EERef& operator|=(uint8_t value) { return *this = static_cast<uint8_t>(**this | value); }
  EERef& operator<<=(uint8_t value) { return *this = static_cast<uint8_t>(**this << value); }
  EERef& operator>>=(uint8_t value) { return *this = static_cast<uint8_t>(**this >> value); }
  EERef& update(uint8_t value) { return *this = value; }
  EERef& operator++() { return *this += 1; }
  EERef& operator--() { return *this -= 1; }
  uint8_t operator++(int) {
    const uint8_t before = **this;
    ++*this;
    return before;
  }
  uint8_t operator--(int) {
    const uint8_t before = **this;
    --*this;
    return before;
  }

 private:
  int address_;
};

class EEPtr {
 public:
  EEPtr(const int address) : address_(address) {}

  operator int() const { return address_; }
  EEPtr& operator=(int address) {
    address_ = address;
    return *this;
  }
  bool operator!=(const EEPtr& other) { return address_ != other.address_; }
  EERef operator*() { return EERef(address_); }
  EEPtr& operator++() {
    ++address_;
    return *this;
  }
  EEPtr& operator--() {
    --address_;
    return *this;
  }
  EEPtr operator++(int) { return EEPtr(address_++); }
  EEPtr operator--(int) { return EEPtr(address_--); }

 private:
  int address_;
};

class EEPROMClass {
 public:
  EEPROMClass() { HAL_EEPROM_Init(); }

  EERef operator[](const int address) { return EERef(address); }
  EEPtr begin() { return EEPtr(0); }
  EEPtr end() { return EEPtr(length()); }
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
