// Print.
#include <cstdio>
#include <string>

#include "application.h"

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
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(nullptr, 0, format, args);
  std::string text(n > 0 ? n + 1 : 1, '\0');
  if (n > 0) vsnprintf(&text[0], text.size(), format, again);
  va_end(again);
  text.pop_back();
  if (newline) text += "\r\n";
  return write(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}
