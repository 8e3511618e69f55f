// String.
#include "spark_wiring_string.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <algorithm>

#include "spark_wiring_print.h"
#include "spark_wiring_printable.h"

namespace {

// Collects what a Printable prints.
class StringPrint : public Print {
 public:
  explicit StringPrint(String& target) : target_(target) {}
  size_t write(uint8_t c) override { return target_.concat(static_cast<char>(c)); }
  size_t write(const uint8_t* buffer, size_t size) override {
    return target_.concat(reinterpret_cast<const char*>(buffer), static_cast<unsigned int>(size)) ? size : 0;
  }

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

namespace {

// The size of a negative number, the least of all included.
template <typename Unsigned, typename Signed>
Unsigned magnitude_of(Signed value) {
  return value < 0 ? Unsigned(0) - static_cast<Unsigned>(value) : static_cast<Unsigned>(value);
}

}  // namespace

String::String(unsigned char value, unsigned char base) { number<unsigned>(value, false, base); }

String::String(int value, unsigned char base) { number(magnitude_of<unsigned>(value), value < 0, base); }

String::String(unsigned int value, unsigned char base) { number(value, false, base); }

String::String(long value, unsigned char base) : String(static_cast<int>(value), base) {}

String::String(unsigned long value, unsigned char base) : String(static_cast<unsigned int>(value), base) {}

String::String(long long value, unsigned char base) {
  number(magnitude_of<unsigned long long>(value), value < 0, base);
}

String::String(unsigned long long value, unsigned char base) { number(value, false, base); }

String::String(float value, int decimalPlaces) : String(static_cast<double>(value), decimalPlaces) {}

String::String(double value, int decimalPlaces) {
  const int places = constrain(decimalPlaces, 0, 60);
  char text[32];
  int length = snprintf(text, sizeof text, "%.*f", places, value);
  if (length < static_cast<int>(sizeof text)) {
    assign(text, static_cast<unsigned int>(length));
  } else if (reserve(static_cast<unsigned int>(length))) {  // 309 digits before the point at most
    snprintf(text_, static_cast<size_t>(length) + 1, "%.*f", places, value);
    length_ = static_cast<unsigned int>(length);
  }
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

template <typename T>
void String::number(T magnitude, bool negative, unsigned char base) {
  if (base < 2 || base > 36) base = 10;
  char buffer[8 * sizeof(T) + 1];
  char* at = buffer + sizeof buffer;
  do {
    *--at = "0123456789abcdefghijklmnopqrstuvwxyz"[magnitude % base];
    magnitude /= base;
  } while (magnitude);
  if (negative) *--at = '-';
  assign(at, buffer + sizeof buffer - at);
}

void String::assert_layout() {
  ABI_FIELD(String, text_, 0);
  ABI_FIELD(String, capacity_, 4);
  ABI_FIELD(String, length_, 8);
  ABI_FIELD(String, flags_, 12);
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
