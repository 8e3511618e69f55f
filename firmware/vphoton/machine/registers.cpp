#include "machine/registers.h"

#include "machine/bits.h"

namespace vphoton::machine {

uint32_t Registers::apsr() const {
  return uint32_t{n} << 31 | uint32_t{z} << 30 | uint32_t{c} << 29 | uint32_t{v} << 28 | uint32_t{q} << 27;
}

uint32_t Registers::xpsr() const {
  const uint32_t it = itstate();
  const uint32_t thumb = (state & kNotThumb) == 0;
  return apsr() | Bits(it, 1, 0) << 25 | thumb << 24 | Bits(it, 7, 2) << 10 | ipsr;
}

void Registers::set_apsr(uint32_t value) {
  n = Bit(value, 31);
  z = Bit(value, 30);
  c = Bit(value, 29);
  v = Bit(value, 28);
  q = Bit(value, 27);
}

void Registers::set_xpsr(uint32_t value) {
  set_apsr(value);
  const uint32_t it = Bits(value, 15, 10) << 2 | Bits(value, 26, 25);
  state = static_cast<uint16_t>(it | (Bit(value, 24) ? 0 : kNotThumb));
  ipsr = static_cast<uint16_t>(Bits(value, 8, 0));
}

}  // namespace vphoton::machine
