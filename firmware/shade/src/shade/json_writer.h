// One flat JSON object in a fixed buffer. What does not fit is left out as a whole, so that the result always parses.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace shade {

class JsonWriter {
 public:
  JsonWriter(char* buffer, size_t size);

  JsonWriter& text(const char* key, const char* value);
  JsonWriter& text(const char* key, const char* value, size_t length);
  JsonWriter& number(const char* key, int32_t value);
  JsonWriter& count(const char* key, uint32_t value);
  JsonWriter& flag(const char* key, bool value);
  JsonWriter& raw(const char* key, const char* json);  // `json` is a complete value
  // The members of another object, `{...}`.
  JsonWriter& members(const char* object);

  const char* c_str() const { return buffer_; }
  bool complete() const { return complete_; }

 private:
  bool key(const char* key);
  bool put(const char* text);
  bool put_char(char c);
  void close(size_t mark, bool ok);

  char* buffer_;
  size_t size_;
  size_t length_ = 0;  // without the closing brace
  bool complete_ = true;
};

}  // namespace shade
