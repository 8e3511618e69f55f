// Print.
#include "spark_wiring_print.h"

#include <stdio.h>
#include <stdlib.h>

Print::~Print() = default;

size_t Print::write(const uint8_t* buffer, size_t size) {
  size_t n = 0;
  while (n < size && write(buffer[n])) ++n;
  return n;
}

size_t Print::printf(const char* format, ...) {
  va_list args;
  va_start(args, format);
  size_t n = vprintf(false, format, args);
  va_end(args);
  return n;
}

size_t Print::printlnf(const char* format, ...) {
  va_list args;
  va_start(args, format);
  size_t n = vprintf(true, format, args);
  va_end(args);
  return n;
}

size_t Print::vprintf(bool newline, const char* format, va_list args) {
  char text[32];
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(text, sizeof text, format, args);
  size_t written = 0;
  if (length < static_cast<int>(sizeof text)) {
    if (length > 0) written = write(reinterpret_cast<const uint8_t*>(text), static_cast<size_t>(length));
  } else if (char* longer = static_cast<char*>(malloc(static_cast<size_t>(length) + 1))) {
    vsnprintf(longer, static_cast<size_t>(length) + 1, format, again);
    written = write(reinterpret_cast<const uint8_t*>(longer), static_cast<size_t>(length));
    free(longer);
  }
  va_end(again);
  return newline ? written + println() : written;
}
