// shiftOut(), shiftIn(), and what needs a faster clock than a virtual Photon has.
#include "wiring/not_modelled.h"

#include "application.h"

void shiftOut(uint8_t data, uint8_t clock, uint8_t order, uint8_t value) {
  for (int i = 0; i < 8; ++i) {
    int bit = order == LSBFIRST ? i : 7 - i;
    digitalWrite(data, value >> bit & 1);
    digitalWrite(clock, HIGH);
    digitalWrite(clock, LOW);
  }
}

uint8_t shiftIn(uint8_t data, uint8_t clock, uint8_t order) {
  uint8_t value = 0;
  for (int i = 0; i < 8; ++i) {
    digitalWrite(clock, HIGH);
    value = static_cast<uint8_t>(value | digitalRead(data) << (order == LSBFIRST ? i : 7 - i));
    digitalWrite(clock, LOW);
  }
  return value;
}

void tone(uint8_t, unsigned, unsigned long) { vphoton::not_modelled("tone()", "nothing sounds"); }
void noTone(uint8_t) { vphoton::not_modelled("noTone()", "nothing sounds anyway"); }

uint32_t pulseIn(pin_t, uint16_t) {
  vphoton::not_modelled("pulseIn()", "no pulse is seen, the result is 0");
  return 0;
}

ApplicationWatchdog::ApplicationWatchdog(unsigned, std::function<void()>, unsigned) {
  vphoton::not_modelled("ApplicationWatchdog", "nothing watches loop()");
}
