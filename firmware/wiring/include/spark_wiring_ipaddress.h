// An IP address.
#pragma once

#include "device_os/network.h"
#include "spark_wiring_printable.h"
#include "spark_wiring_string.h"

class IPAddress : public Printable {
 public:
  IPAddress() { clear(); }
  IPAddress(uint8_t a, uint8_t b, uint8_t c, uint8_t d) { set_ipv4(a, b, c, d); }
  IPAddress(uint32_t ipv4) { *this = ipv4; }  // first number in the highest byte
  IPAddress(const uint8_t* bytes) { *this = bytes; }
  IPAddress(const HAL_IPAddress& address) : address_(address) {}

  IPAddress& operator=(uint32_t ipv4);
  IPAddress& operator=(const uint8_t* bytes);
  void set_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
  void clear() { memset(&address_, 0, sizeof address_); }

  uint8_t operator[](int index) const { return bytes()[3 - index]; }
  uint8_t& operator[](int index) { return const_cast<uint8_t*>(bytes())[3 - index]; }
  bool operator==(const IPAddress& other) const;
  bool operator==(uint32_t ipv4) const { return address_.ipv4 == ipv4; }
  bool operator==(const uint8_t* bytes) const { return *this == IPAddress(bytes); }
  // False for 0.0.0.0 and for none.
  operator bool() const;
  String toString() const { return String(*this); }
  size_t printTo(Print& print) const override;
  uint8_t version() const { return address_.v; }  // 4, 6; 0: none

  operator const HAL_IPAddress&() const { return address_; }
  operator const HAL_IPAddress*() const { return &address_; }
  const HAL_IPAddress& raw() const { return address_; }
  HAL_IPAddress& raw() { return address_; }

 private:
  const uint8_t* bytes() const { return reinterpret_cast<const uint8_t*>(&address_); }

  HAL_IPAddress address_;
};

extern const IPAddress INADDR_NONE;  // 0.0.0.0
