// Numbers as text. Weak: some C libraries, and some applications, have their own.
#include "string_convert.h"

namespace {

// Digits of a number, at least `fill`, from `text` on.
char* digits(unsigned long value, char* text, unsigned base, int fill, char ten = 'a') {
  char reversed[8 * sizeof value];
  int count = 0;
  for (; value || count < fill; value /= base) {
    const unsigned digit = static_cast<unsigned>(value % base);
    if (count == static_cast<int>(sizeof reversed)) break;
    reversed[count++] = static_cast<char>(digit < 10 ? '0' + digit : static_cast<unsigned>(ten) + digit - 10);
  }
  char* to = text;
  while (count > 0) *to++ = reversed[--count];
  *to = '\0';
  return text;
}

bool is_base(int base) { return base >= 2 && base <= 36; }

}  // namespace

extern "C" {

__attribute__((weak)) char* ultoa(unsigned long value, char* text, int base, char fill) {
  return is_base(base) ? digits(value, text, static_cast<unsigned>(base), fill) : nullptr;
}

__attribute__((weak)) char* utoa(unsigned value, char* text, int base) {
  return is_base(base) ? digits(value, text, static_cast<unsigned>(base), 1) : nullptr;
}

__attribute__((weak)) char* ltoa(long value, char* text, int base) {
  if (!is_base(base)) base = 10;
  const bool negative = base == 10 && value < 0;
  if (negative) *text = '-';
  const unsigned long magnitude =
      negative ? 0ul - static_cast<unsigned long>(value) : static_cast<unsigned long>(value);
  digits(magnitude, text + negative, static_cast<unsigned>(base), 1, 'A');
  return text;
}

// Negative in every base, as in Device OS.
__attribute__((weak)) char* itoa(int value, char* text, int base) {
  const bool negative = value < 0;
  if (negative) *text = '-';
  utoa(negative ? 0u - static_cast<unsigned>(value) : static_cast<unsigned>(value), text + negative, base);
  return text;
}

}  // extern "C"
