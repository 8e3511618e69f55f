#include "json_writer.h"

#include <stdio.h>
#include <string.h>

namespace shade {

namespace {

// Bytes of the character at the start of `left` bytes, 2 to 4; 0: none that UTF-8 has beyond ASCII.
size_t character_of(const char* text, size_t left) {
  const unsigned char* at = reinterpret_cast<const unsigned char*>(text);
  size_t size = at[0] >= 0xC2 && at[0] < 0xE0   ? 2
                : at[0] >= 0xE0 && at[0] < 0xF0 ? 3
                : at[0] >= 0xF0 && at[0] < 0xF5 ? 4
                                                : 0;
  if (size == 0 || size > left) return 0;
  for (size_t i = 1; i < size; ++i)
    if ((at[i] & 0xC0) != 0x80) return 0;
  // The longer ways to write a short one, surrogates, and what lies beyond the last plane.
  bool none = (at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] >= 0xA0) || (at[0] == 0xF0 && at[1] < 0x90) ||
              (at[0] == 0xF4 && at[1] >= 0x90);
  return none ? 0 : size;
}

}  // namespace

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
  // In registers: members are read and stored anew for each character that they may lie behind.
  char* at = buffer_ + length_;
  char* const end = buffer_ + size_ - 2;
  while (*text && at < end) *at++ = *text++;
  length_ = static_cast<size_t>(at - buffer_);
  return !*text;
}

bool JsonWriter::key(const char* key) { return put(length_ > 1 ? ",\"" : "\"") && put(key) && put("\":"); }

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
    if (size_t bytes = character_of(value + i, length - i)) {
      for (size_t end = i + bytes - 1; ok && i < end; ++i) ok = put_char(value[i]);
      ok = ok && put_char(value[i]);
    } else if (c == '"' || c == '\\') {
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
