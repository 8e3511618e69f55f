// String.
#include <strings.h>
#include <algorithm>
#include <cctype>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "application.h"

namespace {

// Collects what a Printable prints.
class StringPrint : public Print {
 public:
  explicit StringPrint(String& target) : target_(target) {}
  size_t write(uint8_t c) override { return target_.concat(static_cast<char>(c)); }

 private:
  String& target_;
};

}  // namespace

String::String(const char* text) { assign(text, text ? strlen(text) : 0); }

String::String(const char* text, unsigned int length) { assign(text, text ? length : 0); }

String::String(const String& other) { assign(other.c_str(), other.length_); }

String::String(String&& other) : text_(other.text_), capacity_(other.capacity_), length_(other.length_) {
  other.text_ = nullptr;
  other.capacity_ = other.length_ = 0;
}

String::String(const Printable& printable) {
  StringPrint print(*this);
  printable.printTo(print);
}

String::String(char c) { assign(&c, 1); }

String::String(unsigned char value, unsigned char base) { number(value, false, base); }

String::String(int value, unsigned char base) : String(static_cast<long long>(value), base) {}

String::String(unsigned int value, unsigned char base) { number(value, false, base); }

String::String(long value, unsigned char base) : String(static_cast<long long>(value), base) {}

String::String(unsigned long value, unsigned char base) { number(value, false, base); }

String::String(long long value, unsigned char base) {
  number(value < 0 ? 0ull - static_cast<unsigned long long>(value) : static_cast<unsigned long long>(value), value < 0,
         base);
}

String::String(unsigned long long value, unsigned char base) { number(value, false, base); }

String::String(float value, int decimalPlaces) : String(static_cast<double>(value), decimalPlaces) {}

String::String(double value, int decimalPlaces) {
  char buffer[400];  // 309 digits before the point at most
  int n = snprintf(buffer, sizeof buffer, "%.*f", constrain(decimalPlaces, 0, 60), value);
  assign(buffer, n);
}

String::~String() { free(text_); }

String& String::operator=(const String& other) {
  if (this != &other) assign(other.c_str(), other.length_);
  return *this;
}

String& String::operator=(String&& other) {
  if (this == &other) return *this;
  free(text_);
  text_ = other.text_;
  capacity_ = other.capacity_;
  length_ = other.length_;
  other.text_ = nullptr;
  other.capacity_ = other.length_ = 0;
  return *this;
}

String& String::operator=(const char* text) {
  String copy(text);  // `text` may lie within this very String
  return *this = static_cast<String&&>(copy);
}

unsigned char String::reserve(unsigned int size) {
  if (text_ && capacity_ >= size) return 1;
  char* grown = static_cast<char*>(realloc(text_, size + 1));
  if (!grown) return 0;
  text_ = grown;
  capacity_ = size;
  text_[length_] = '\0';
  return 1;
}

void String::assign(const char* text, unsigned int length) {
  length_ = 0;
  if (!reserve(length)) return;
  if (length) memcpy(text_, text, length);
  text_[length] = '\0';
  length_ = length;
}

void String::number(unsigned long long magnitude, bool negative, unsigned char base) {
  if (base < 2 || base > 36) base = 10;
  char buffer[66];
  char* at = buffer + sizeof buffer;
  do {
    *--at = "0123456789abcdefghijklmnopqrstuvwxyz"[magnitude % base];
    magnitude /= base;
  } while (magnitude);
  if (negative) *--at = '-';
  assign(at, buffer + sizeof buffer - at);
}

unsigned char String::concat(const char* text, unsigned int length) {
  if (!text) return 0;
  if (text >= text_ && text_ && text < text_ + length_) {
    String copy(text, length);
    return concat(copy.c_str(), length);
  }
  if (!reserve(length_ + length)) return 0;
  memcpy(text_ + length_, text, length);
  length_ += length;
  text_[length_] = '\0';
  return 1;
}

unsigned char String::concat(const char* text) { return text ? concat(text, strlen(text)) : 0; }

int String::compareTo(const String& other) const {
  int order = memcmp(c_str(), other.c_str(), std::min(length_, other.length_));
  if (order) return order;
  return length_ < other.length_ ? -1 : length_ > other.length_;
}

unsigned char String::equals(const String& other) const {
  return length_ == other.length_ && memcmp(c_str(), other.c_str(), length_) == 0;
}

unsigned char String::equals(const char* text) const { return strcmp(c_str(), text ? text : "") == 0; }

unsigned char String::equalsIgnoreCase(const String& other) const {
  return length_ == other.length_ && strcasecmp(c_str(), other.c_str()) == 0;
}

unsigned char String::startsWith(const String& prefix, unsigned int offset) const {
  return offset <= length_ && prefix.length_ <= length_ - offset &&
         memcmp(c_str() + offset, prefix.c_str(), prefix.length_) == 0;
}

unsigned char String::endsWith(const String& suffix) const {
  return suffix.length_ <= length_ && startsWith(suffix, length_ - suffix.length_);
}

char String::charAt(unsigned int index) const { return index < length_ ? text_[index] : '\0'; }

void String::setCharAt(unsigned int index, char c) {
  if (index < length_) text_[index] = c;
}

char& String::operator[](unsigned int index) {
  static char nowhere;
  if (index < length_) return text_[index];
  nowhere = '\0';
  return nowhere;
}

void String::getBytes(unsigned char* buffer, unsigned int size, unsigned int index) const {
  if (!buffer || size == 0) return;
  unsigned int n = index < length_ ? std::min(size - 1, length_ - index) : 0;
  memcpy(buffer, c_str() + (n ? index : 0), n);
  buffer[n] = '\0';
}

int String::indexOf(char c, unsigned int from) const {
  if (from >= length_) return -1;
  const void* hit = memchr(text_ + from, c, length_ - from);
  return hit ? static_cast<const char*>(hit) - text_ : -1;
}

int String::indexOf(const String& text, unsigned int from) const {
  for (unsigned int i = from; i < length_; ++i)
    if (startsWith(text, i)) return i;
  return -1;
}

int String::lastIndexOf(char c) const { return length_ ? lastIndexOf(c, length_ - 1) : -1; }

int String::lastIndexOf(char c, unsigned int from) const {
  if (from >= length_) return -1;
  for (int i = from; i >= 0; --i)
    if (text_[i] == c) return i;
  return -1;
}

int String::lastIndexOf(const String& text) const {
  return text.length_ <= length_ ? lastIndexOf(text, length_ - text.length_) : -1;
}

int String::lastIndexOf(const String& text, unsigned int from) const {
  if (!length_ || !text.length_ || text.length_ > length_) return -1;
  for (int i = std::min(from, length_ - text.length_); i >= 0; --i)
    if (startsWith(text, i)) return i;
  return -1;
}

String String::substring(unsigned int begin) const { return substring(begin, length_); }

String String::substring(unsigned int begin, unsigned int end) const {
  if (begin > end) std::swap(begin, end);
  end = std::min(end, length_);
  return begin < end ? String(text_ + begin, end - begin) : String();
}

String& String::replace(char find, char with) {
  if (length_) std::replace(text_, text_ + length_, find, with);
  return *this;
}

String& String::replace(const String& find, const String& with) {
  if (find.length_ == 0) return *this;
  String result;
  unsigned int from = 0;
  for (int hit; (hit = indexOf(find, from)) >= 0; from = hit + find.length_) {
    result.concat(text_ + from, hit - from);
    result.concat(with);
  }
  if (from == 0) return *this;
  result.concat(c_str() + from, length_ - from);
  return *this = static_cast<String&&>(result);
}

String& String::remove(unsigned int index) { return remove(index, length_); }

String& String::remove(unsigned int index, unsigned int count) {
  if (index >= length_) return *this;
  count = std::min(count, length_ - index);
  memmove(text_ + index, text_ + index + count, length_ - index - count + 1);
  length_ -= count;
  return *this;
}

String& String::toLowerCase() {
  for (unsigned int i = 0; i < length_; ++i) text_[i] = tolower(static_cast<unsigned char>(text_[i]));
  return *this;
}

String& String::toUpperCase() {
  for (unsigned int i = 0; i < length_; ++i) text_[i] = toupper(static_cast<unsigned char>(text_[i]));
  return *this;
}

String& String::trim() {
  unsigned int begin = 0;
  while (begin < length_ && isspace(static_cast<unsigned char>(text_[begin]))) ++begin;
  unsigned int end = length_;
  while (end > begin && isspace(static_cast<unsigned char>(text_[end - 1]))) --end;
  remove(end);
  return remove(0, begin);
}

long String::toInt() const { return atol(c_str()); }

float String::toFloat() const { return static_cast<float>(atof(c_str())); }

String String::format(const char* format, ...) {
  va_list args;
  va_start(args, format);
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(nullptr, 0, format, args);
  va_end(args);
  String result;
  if (n > 0 && result.reserve(n)) {
    vsnprintf(result.text_, n + 1, format, again);
    result.length_ = n;
  }
  va_end(again);
  return result;
}

namespace {

template <typename T>
String joined(const String& a, const T& b) {
  String result(a);
  result.concat(b);
  return result;
}

}  // namespace

String operator+(const String& a, const String& b) { return joined(a, b); }
String operator+(const String& a, const char* b) { return joined(a, b); }
String operator+(const char* a, const String& b) { return joined(String(a), b); }
String operator+(const String& a, char b) { return joined(a, b); }
String operator+(const String& a, unsigned char b) { return joined(a, b); }
String operator+(const String& a, int b) { return joined(a, b); }
String operator+(const String& a, unsigned int b) { return joined(a, b); }
String operator+(const String& a, long b) { return joined(a, b); }
String operator+(const String& a, unsigned long b) { return joined(a, b); }
String operator+(const String& a, float b) { return joined(a, b); }
String operator+(const String& a, double b) { return joined(a, b); }
