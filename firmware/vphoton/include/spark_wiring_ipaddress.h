// An IPv4 address.
#pragma once

#include <stdint.h>

#include "spark_wiring_printable.h"
#include "spark_wiring_string.h"

class IPAddress : public Printable {
 public:
  IPAddress() : IPAddress(0, 0, 0, 0) {}
  IPAddress(uint8_t a, uint8_t b, uint8_t c, uint8_t d) : bytes_{a, b, c, d} {}
  IPAddress(const uint8_t* bytes) : IPAddress(bytes[0], bytes[1], bytes[2], bytes[3]) {}

  uint8_t operator[](int index) const { return bytes_[index]; }
  uint8_t& operator[](int index) { return bytes_[index]; }
  bool operator==(const IPAddress& other) const {
    for (int i = 0; i < 4; ++i)
      if (bytes_[i] != other.bytes_[i]) return false;
    return true;
  }
  // False for 0.0.0.0.
  operator bool() const { return !(*this == IPAddress(0, 0, 0, 0)); }
  String toString() const { return String::format("%u.%u.%u.%u", bytes_[0], bytes_[1], bytes_[2], bytes_[3]); }
  size_t printTo(Print& print) const override;

 private:
  uint8_t bytes_[4];
};
