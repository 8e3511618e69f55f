// shiftOut(), shiftIn(), tone().
#include "spark_wiring.h"

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

void tone(uint8_t pin, unsigned frequency, unsigned long duration_ms) { HAL_Tone_Start(pin, frequency, duration_ms); }

void serialReadLine(Stream* stream, char* text, int size, system_tick_t timeout_ms) {
  const system_tick_t begun = millis();
  for (int length = 0; timeout_ms == 0 || millis() - begun <= timeout_ms;) {
    if (stream->available() <= 0) continue;
    const char c = static_cast<char>(stream->read());
    if (length == size || c == '\r' || c == '\n') {
      text[length] = '\0';
      return;
    }
    if (c == '\b' || c == 127) {
      if (length == 0) continue;
      --length;
    } else {
      text[length++] = c;
    }
    stream->write(static_cast<uint8_t>(c));
  }
}
