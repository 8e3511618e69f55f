// IPAddress.
#include "spark_wiring_ipaddress.h"

#include "spark_wiring_print.h"

const IPAddress INADDR_NONE(0, 0, 0, 0);

void IPAddress::set_ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d) {
  *this = static_cast<uint32_t>(a) << 24 | static_cast<uint32_t>(b) << 16 | static_cast<uint32_t>(c) << 8 | d;
}

IPAddress& IPAddress::operator=(uint32_t ipv4) {
  address_.ipv4 = ipv4;
  address_.v = 4;
  return *this;
}

IPAddress& IPAddress::operator=(const uint8_t* bytes) {
  set_ipv4(bytes[0], bytes[1], bytes[2], bytes[3]);
  return *this;
}

bool IPAddress::operator==(const IPAddress& other) const {
  if (address_.v == 6 && other.address_.v == 6) return memcmp(bytes(), other.bytes(), 16) == 0;
  return address_.v == other.address_.v && address_.ipv4 == other.address_.ipv4;
}

IPAddress::operator bool() const {
  if (address_.v == 6) {
    for (int i = 0; i < 16; ++i)
      if (bytes()[i]) return true;
    return false;
  }
  return address_.v == 4 && address_.ipv4 != 0;
}

size_t IPAddress::printTo(Print& print) const {
  return print.printf("%u.%u.%u.%u", (*this)[0], (*this)[1], (*this)[2], (*this)[3]);
}
