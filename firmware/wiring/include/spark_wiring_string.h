// String of the Wiring language: a growing text on the heap that never throws. Out of memory leaves it as it was.
#pragma once

#include <stdarg.h>

#include "device_os/layout.h"

class Printable;
class __FlashStringHelper;  // a text, by Arduino's F()

class String {
 public:
  String(const char* text = "");
  String(const char* text, unsigned int length);
  String(const String& other);
  String(String&& other);
  String(const __FlashStringHelper* text) : String(reinterpret_cast<const char*>(text)) {}
  String(const Printable& printable);
  explicit String(char c);
  explicit String(unsigned char value, unsigned char base = 10);
  explicit String(int value, unsigned char base = 10);
  explicit String(unsigned int value, unsigned char base = 10);
  explicit String(long value, unsigned char base = 10);
  explicit String(unsigned long value, unsigned char base = 10);
  explicit String(float value, int decimalPlaces = 6);
  explicit String(double value, int decimalPlaces = 6);
  ~String();

  String& operator=(const String& other);
  String& operator=(String&& other);
  String& operator=(const char* text);
  String& operator=(const __FlashStringHelper* text) { return *this = reinterpret_cast<const char*>(text); }

  unsigned char reserve(unsigned int size);
  unsigned int length() const { return length_; }
  const char* c_str() const { return text_ ? text_ : ""; }
  operator const char*() const { return c_str(); }

  unsigned char concat(const char* text, unsigned int length);
  unsigned char concat(const char* text);
  unsigned char concat(const String& other) { return concat(other.c_str(), other.length_); }
  unsigned char concat(char c) { return concat(&c, 1); }
  unsigned char concat(unsigned char value) { return concat(String(value)); }
  unsigned char concat(int value) { return concat(String(value)); }
  unsigned char concat(unsigned int value) { return concat(String(value)); }
  unsigned char concat(long value) { return concat(String(value)); }
  unsigned char concat(unsigned long value) { return concat(String(value)); }
  unsigned char concat(float value) { return concat(String(value)); }
  unsigned char concat(double value) { return concat(String(value)); }
  String& operator+=(const String& value) { return concat(value), *this; }
  String& operator+=(const char* value) { return concat(value), *this; }
  String& operator+=(char value) { return concat(value), *this; }
  String& operator+=(unsigned char value) { return concat(value), *this; }
  String& operator+=(int value) { return concat(value), *this; }
  String& operator+=(unsigned int value) { return concat(value), *this; }
  String& operator+=(long value) { return concat(value), *this; }
  String& operator+=(unsigned long value) { return concat(value), *this; }

  int compareTo(const String& other) const;
  unsigned char equals(const String& other) const;
  unsigned char equals(const char* text) const;
  unsigned char equalsIgnoreCase(const String& other) const;
  unsigned char operator==(const String& other) const { return equals(other); }
  unsigned char operator==(const char* text) const { return equals(text); }
  unsigned char operator!=(const String& other) const { return !equals(other); }
  unsigned char operator!=(const char* text) const { return !equals(text); }
  unsigned char operator<(const String& other) const { return compareTo(other) < 0; }
  unsigned char operator>(const String& other) const { return compareTo(other) > 0; }
  unsigned char operator<=(const String& other) const { return compareTo(other) <= 0; }
  unsigned char operator>=(const String& other) const { return compareTo(other) >= 0; }
  unsigned char startsWith(const String& prefix) const { return startsWith(prefix, 0); }
  unsigned char startsWith(const String& prefix, unsigned int offset) const;
  unsigned char endsWith(const String& suffix) const;

  // Out of range: 0 is read, nothing is written.
  char charAt(unsigned int index) const;
  void setCharAt(unsigned int index, char c);
  char operator[](int index) const { return charAt(static_cast<unsigned int>(index)); }
  char operator[](unsigned int index) const { return charAt(index); }
  char& operator[](int index) { return (*this)[static_cast<unsigned int>(index)]; }
  char& operator[](unsigned int index);
  void getBytes(unsigned char* buffer, unsigned int size, unsigned int index = 0) const;
  void toCharArray(char* buffer, unsigned int size, unsigned int index = 0) const {
    getBytes(reinterpret_cast<unsigned char*>(buffer), size, index);
  }

  // -1 when not found.
  int indexOf(char c, unsigned int from = 0) const;
  int indexOf(const String& text, unsigned int from = 0) const;
  int lastIndexOf(char c) const;
  int lastIndexOf(char c, unsigned int from) const;
  int lastIndexOf(const String& text) const;
  int lastIndexOf(const String& text, unsigned int from) const;
  String substring(unsigned int begin) const;
  String substring(unsigned int begin, unsigned int end) const;

  String& replace(char find, char with);
  String& replace(const String& find, const String& with);
  String& remove(unsigned int index);
  String& remove(unsigned int index, unsigned int count);
  String& toLowerCase();
  String& toUpperCase();
  String& trim();

  // 0 when the text does not start with a number.
  long toInt() const;
  float toFloat() const;

  static String format(const char* format, ...) __attribute__((format(printf, 1, 2)));

 private:
  friend class Print;
  String(long long value, unsigned char base);
  String(unsigned long long value, unsigned char base);
  void assign(const char* text, unsigned int length);
  template <typename T>
  void number(T magnitude, bool negative, unsigned char base);
  static void assert_layout();

  // The system returns and takes Strings: the order is its own.
  char* text_ = nullptr;
  unsigned int capacity_ = 0;
  unsigned int length_ = 0;
  unsigned char flags_ = 0;
};
ABI_SIZE(String, 16);

typedef String StringSumHelper;  // what a sum is

String operator+(const String& a, const String& b);
String operator+(const String& a, const char* b);
String operator+(const char* a, const String& b);
String operator+(const String& a, char b);
String operator+(const String& a, unsigned char b);
String operator+(const String& a, int b);
String operator+(const String& a, unsigned int b);
String operator+(const String& a, long b);
String operator+(const String& a, unsigned long b);
String operator+(const String& a, float b);
String operator+(const String& a, double b);
