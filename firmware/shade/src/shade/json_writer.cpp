#include "json_writer.h"

#include <stdio.h>
#include <string.h>

namespace shade {

JsonWriter::JsonWriter(char* buffer, size_t size) : buffer_(buffer), size_(size) {
  put("{");
  close(length_, true);
}

// Room for the closing brace and the terminator is always kept.
bool JsonWriter::put_char(char c) {
  if (length_ + 3 > size_) return false;
  buffer_[length_++] = c;
  return true;
}

bool JsonWriter::put(const char* text) {
  while (*text)
    if (!put_char(*text++)) return false;
  return true;
}

bool JsonWriter::key(const char* key) {
  if (length_ > 1 && !put_char(',')) return false;
  return put("\"") && put(key) && put("\":");
}

void JsonWriter::close(size_t mark, bool ok) {
  if (!ok) {
    length_ = mark;
    complete_ = false;
  }
  buffer_[length_] = '}';
  buffer_[length_ + 1] = '\0';
}

JsonWriter& JsonWriter::text(const char* key, const char* value) { return text(key, value, strlen(value)); }

JsonWriter& JsonWriter::text(const char* key, const char* value, size_t length) {
  size_t mark = length_;
  bool ok = this->key(key) && put("\"");
  for (size_t i = 0; ok && i < length; ++i) {
    unsigned char c = static_cast<unsigned char>(value[i]);
    if (c == '"' || c == '\\') {
      ok = put_char('\\') && put_char(static_cast<char>(c));
    } else if (c < 0x20 || c >= 0x7F) {
      char escaped[8];
      snprintf(escaped, sizeof escaped, "\\u%04x", c);
      ok = put(escaped);
    } else {
      ok = put_char(static_cast<char>(c));
    }
  }
  close(mark, ok && put("\""));
  return *this;
}

JsonWriter& JsonWriter::number(const char* key, int32_t value) {
  char digits[16];
  snprintf(digits, sizeof digits, "%ld", static_cast<long>(value));
  return raw(key, digits);
}

JsonWriter& JsonWriter::count(const char* key, uint32_t value) {
  char digits[16];
  snprintf(digits, sizeof digits, "%lu", static_cast<unsigned long>(value));
  return raw(key, digits);
}

JsonWriter& JsonWriter::flag(const char* key, bool value) { return raw(key, value ? "true" : "false"); }

JsonWriter& JsonWriter::raw(const char* key, const char* json) {
  size_t mark = length_;
  close(mark, this->key(key) && put(json));
  return *this;
}

JsonWriter& JsonWriter::members(const char* object) {
  size_t mark = length_;
  size_t inner = strlen(object) - 2;
  if (inner == 0) return *this;
  bool ok = length_ == 1 || put_char(',');
  for (size_t i = 1; ok && i <= inner; ++i) ok = put_char(object[i]);
  close(mark, ok);
  return *this;
}

}  // namespace shade
