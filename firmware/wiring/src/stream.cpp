// Stream.
#include "spark_wiring_stream.h"

#include "spark_wiring_ticks.h"

int Stream::timedRead() {
  int c = timedPeek();
  if (c >= 0) read();
  return c;
}

int Stream::timedPeek() {
  uint32_t started = millis();
  for (;;) {
    int c = peek();
    if (c >= 0 || millis() - started >= timeout_) return c;
    delay(1);
  }
}

int Stream::peekNextDigit() {
  for (;;) {
    int c = timedPeek();
    if (c < 0 || c == '-' || (c >= '0' && c <= '9')) return c;
    read();
  }
}

bool Stream::find(char* target) { return findUntil(target, nullptr); }

bool Stream::findUntil(char* target, char* terminator) {
  if (!target || !*target) return true;
  String seen;
  for (int c; (c = timedRead()) >= 0;) {
    seen.concat(static_cast<char>(c));
    if (seen.endsWith(target)) return true;
    if (terminator && *terminator && seen.endsWith(terminator)) return false;
  }
  return false;
}

long Stream::parseInt() {
  String digits;
  int c = peekNextDigit();
  while (c >= 0 && ((c >= '0' && c <= '9') || (c == '-' && digits.length() == 0))) {
    digits.concat(static_cast<char>(read()));
    c = timedPeek();
  }
  return digits.toInt();
}

float Stream::parseFloat() {
  String digits;
  int c = peekNextDigit();
  while (c >= 0 &&
         ((c >= '0' && c <= '9') || (c == '-' && digits.length() == 0) || (c == '.' && digits.indexOf('.') < 0))) {
    digits.concat(static_cast<char>(read()));
    c = timedPeek();
  }
  return digits.toFloat();
}

size_t Stream::readBytes(char* buffer, size_t length) {
  size_t n = 0;
  for (int c; n < length && (c = timedRead()) >= 0;) buffer[n++] = static_cast<char>(c);
  return n;
}

size_t Stream::readBytesUntil(char terminator, char* buffer, size_t length) {
  size_t n = 0;
  for (int c; n < length && (c = timedRead()) >= 0 && c != static_cast<unsigned char>(terminator);)
    buffer[n++] = static_cast<char>(c);
  return n;
}

String Stream::readString() {
  String result;
  for (int c; (c = timedRead()) >= 0;) result.concat(static_cast<char>(c));
  return result;
}

String Stream::readStringUntil(char terminator) {
  String result;
  for (int c; (c = timedRead()) >= 0 && c != static_cast<unsigned char>(terminator);)
    result.concat(static_cast<char>(c));
  return result;
}
