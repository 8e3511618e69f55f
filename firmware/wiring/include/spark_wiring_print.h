// Text output onto anything that takes bytes.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "spark_wiring_constants.h"
#include "spark_wiring_printable.h"
#include "spark_wiring_string.h"

class __FlashStringHelper;  // a text, by Arduino's F()

class Print {
 public:
  virtual ~Print();

  int getWriteError() { return write_error_; }
  void clearWriteError() { write_error_ = 0; }

  // Bytes taken.
  virtual size_t write(uint8_t c) = 0;
  virtual size_t write(const uint8_t* buffer, size_t size);
  size_t write(const char* text) { return text ? write(reinterpret_cast<const uint8_t*>(text), strlen(text)) : 0; }

  size_t print(const char* text) { return write(text); }
  size_t print(const __FlashStringHelper* text) { return write(reinterpret_cast<const char*>(text)); }
  size_t print(const String& text) { return write(reinterpret_cast<const uint8_t*>(text.c_str()), text.length()); }
  size_t print(const Printable& printable) { return printable.printTo(*this); }
  size_t print(char c) { return write(static_cast<uint8_t>(c)); }
  size_t print(unsigned char value, int base = DEC) { return print(String(value, static_cast<unsigned char>(base))); }
  size_t print(int value, int base = DEC) { return print(String(value, static_cast<unsigned char>(base))); }
  size_t print(unsigned int value, int base = DEC) { return print(String(value, static_cast<unsigned char>(base))); }
  size_t print(long value, int base = DEC) { return print(String(value, static_cast<unsigned char>(base))); }
  size_t print(unsigned long value, int base = DEC) { return print(String(value, static_cast<unsigned char>(base))); }
  size_t print(long long value, int base = DEC) { return print(String(value, static_cast<unsigned char>(base))); }
  size_t print(unsigned long long value, int base = DEC) {
    return print(String(value, static_cast<unsigned char>(base)));
  }
  size_t print(float value, int digits = 2) { return print(String(value, digits)); }
  size_t print(double value, int digits = 2) { return print(String(value, digits)); }

  size_t println(const __FlashStringHelper* text) { return println(reinterpret_cast<const char*>(text)); }
  size_t println() { return write("\r\n"); }
  template <typename T>
  size_t println(const T& value) {
    size_t n = print(value);
    return n + println();
  }
  template <typename T>
  size_t println(const T& value, int base) {
    size_t n = print(value, base);
    return n + println();
  }

  size_t printf(const char* format, ...) __attribute__((format(printf, 2, 3)));
  size_t printlnf(const char* format, ...) __attribute__((format(printf, 2, 3)));
  size_t vprintf(bool newline, const char* format, va_list args);

 protected:
  void setWriteError(int error = 1) { write_error_ = error; }

 private:
  int write_error_ = 0;
};
