// JSON.
#include "spark_wiring_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spark_wiring_vector.h"

namespace spark {

namespace detail {

// A value or the name before one. Those within an array or object follow it, up to `after`.
struct JSONToken {
  JSONType type;
  unsigned begin;  // of its text
  unsigned end;
  unsigned count;  // of elements or pairs
  unsigned parent;
  unsigned after;
};

struct JSONData {
  ~JSONData() {
    if (own) free(text);
  }

  Vector<JSONToken> tokens;
  char* text = nullptr;
  bool own = false;
};

}  // namespace detail

namespace {

using detail::JSONToken;

constexpr unsigned kNone = ~0u;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool ends_word(char c) { return c == ',' || c == ']' || c == '}' || c == ':' || is_space(c); }

JSONType type_of_word(char c) {
  if (c == '-' || (c >= '0' && c <= '9')) return JSON_TYPE_NUMBER;
  if (c == 't' || c == 'f') return JSON_TYPE_BOOL;
  return c == 'n' ? JSON_TYPE_NULL : JSON_TYPE_INVALID;
}

// Finds the tokens of a text, without recursion: how deep it is nested is the sender's.
class Tokenizer {
 public:
  Tokenizer(const char* text, size_t size, Vector<JSONToken>& tokens)
      : text_(text), size_(static_cast<unsigned>(size)), tokens_(tokens) {}

  bool run() {
    while (skip_space(), at_ < size_)
      if (!step(text_[at_])) return false;
    return want_ == kEnd;
  }

 private:
  enum Want { kValue, kValueOrEnd, kName, kNameOrEnd, kColon, kMore, kEnd };

  void skip_space() {
    while (at_ < size_ && is_space(text_[at_])) ++at_;
  }

  bool step(char c) {
    if (want_ == kColon) return c == ':' && (++at_, want_ = kValue, true);
    if (want_ == kMore && c == ',') return ++at_, want_ = is_object() ? kName : kValue, true;
    if (c == ']' || c == '}') return close(c);
    if (want_ == kName || want_ == kNameOrEnd) return c == '"' && string() && (want_ = kColon, true);
    if (want_ != kValue && want_ != kValueOrEnd) return false;
    if (open_ != kNone) ++tokens_[static_cast<int>(open_)].count;
    if (c == '[' || c == '{') return open(c);
    return (c == '"' ? string() : word(c)) && (want_ = open_ == kNone ? kEnd : kMore, true);
  }

  bool is_object() const { return tokens_[static_cast<int>(open_)].type == JSON_TYPE_OBJECT; }

  bool add(JSONType type, unsigned begin, unsigned end) {
    return tokens_.append(JSONToken{type, begin, end, 0, open_, static_cast<unsigned>(tokens_.size()) + 1});
  }

  bool open(char c) {
    if (!add(c == '{' ? JSON_TYPE_OBJECT : JSON_TYPE_ARRAY, at_, at_)) return false;
    open_ = static_cast<unsigned>(tokens_.size()) - 1;
    want_ = c == '{' ? kNameOrEnd : kValueOrEnd;
    ++at_;
    return true;
  }

  bool close(char c) {
    if (open_ == kNone || is_object() != (c == '}')) return false;
    if (want_ != kMore && want_ != kValueOrEnd && want_ != kNameOrEnd) return false;
    JSONToken& closed = tokens_[static_cast<int>(open_)];
    closed.end = ++at_;
    closed.after = static_cast<unsigned>(tokens_.size());
    open_ = closed.parent;
    want_ = open_ == kNone ? kEnd : kMore;
    return true;
  }

  bool string() {
    const unsigned begin = ++at_;
    for (; at_ < size_ && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    return at_ < size_ && add(JSON_TYPE_STRING, begin, at_++);
  }

  bool word(char c) {
    const unsigned begin = at_;
    while (at_ < size_ && !ends_word(text_[at_])) ++at_;
    return type_of_word(c) != JSON_TYPE_INVALID && add(type_of_word(c), begin, at_);
  }

  const char* text_;
  const unsigned size_;
  Vector<JSONToken>& tokens_;
  unsigned at_ = 0;
  unsigned open_ = kNone;
  Want want_ = kValue;
};

// The characters that stand for others behind a backslash, and these.
constexpr char kEscapes[] = "\"\\/btnfr";
constexpr char kMeant[] = "\"\\/\b\t\n\f\r";

// Takes the escapes out of a string in its place.
bool unescape(char* text, JSONToken& token) {
  char* to = text + token.begin;
  for (const char *from = to, *end = text + token.end; from < end;) {
    if (*from != '\\') {
      *to++ = *from++;
    } else if (from[1] == 'u') {
      if (end - from < 6) return false;
      char digits[5] = {};
      memcpy(digits, from + 2, 4);
      char* behind;
      const unsigned long code = strtoul(digits, &behind, 16);
      if (behind != digits + 4) return false;
      if (code < 0x80) {
        *to++ = static_cast<char>(code);
      } else {
        memmove(to, from, 6);
        to += 6;
      }
      from += 6;
    } else {
      const char* found = from[1] ? strchr(kEscapes, from[1]) : nullptr;
      if (!found) return false;
      *to++ = kMeant[found - kEscapes];
      from += 2;
    }
  }
  token.end = static_cast<unsigned>(to - text);
  return true;
}

// Ends each string and word with a NUL; `text` has room for one behind its last character.
bool finish(detail::JSONData& data) {
  for (JSONToken& each : data.tokens) {
    if (each.type == JSON_TYPE_STRING && !unescape(data.text, each)) return false;
    if (each.type != JSON_TYPE_ARRAY && each.type != JSON_TYPE_OBJECT) data.text[each.end] = '\0';
  }
  return true;
}

detail::JSONDataPtr parsed(const char* json, size_t size, char* in_place) {
  detail::JSONDataPtr data(new detail::JSONData);
  if (!data || !Tokenizer(json, size, data->tokens).run()) return nullptr;
  const JSONType type = data->tokens[0].type;
  // A word alone has nothing behind it that a NUL could replace.
  if (in_place && (type == JSON_TYPE_STRING || type == JSON_TYPE_ARRAY || type == JSON_TYPE_OBJECT)) {
    data->text = in_place;
  } else {
    data->text = static_cast<char*>(malloc(size + 1));
    data->own = true;
    if (!data->text) return nullptr;
    memcpy(data->text, json, size);
  }
  return finish(*data) ? data : nullptr;
}

}  // namespace

JSONValue JSONValue::parse(char* json, size_t size) {
  detail::JSONDataPtr data = parsed(json, size, json);
  return data ? JSONValue(data->tokens.data(), data) : JSONValue();
}

JSONValue JSONValue::parseCopy(const char* json, size_t size) {
  detail::JSONDataPtr data = parsed(json, size, nullptr);
  return data ? JSONValue(data->tokens.data(), data) : JSONValue();
}

JSONValue JSONValue::parseCopy(const char* json) { return parseCopy(json, strlen(json)); }

JSONType JSONValue::type() const { return token_ ? token_->type : JSON_TYPE_INVALID; }

bool JSONValue::toBool() const {
  const char* text = toString().data();
  switch (type()) {
    case JSON_TYPE_BOOL:
      return *text == 't';
    case JSON_TYPE_NUMBER:
      return strcmp(text, "0") != 0 && strcmp(text, "0.0") != 0;
    case JSON_TYPE_STRING:
      return *text && strcmp(text, "false") != 0 && strcmp(text, "0") != 0 && strcmp(text, "0.0") != 0;
    default:
      return false;
  }
}

int JSONValue::toInt() const {
  if (isBool()) return toBool();
  return isNumber() || isString() ? static_cast<int>(strtol(toString().data(), nullptr, 10)) : 0;
}

double JSONValue::toDouble() const {
  if (isBool()) return toBool();
  return isNumber() || isString() ? strtod(toString().data(), nullptr) : 0;
}

JSONString JSONValue::toString() const { return JSONString(*this); }

JSONString::JSONString(const JSONValue& value) {
  const JSONType type = value.type();
  if (type != JSON_TYPE_BOOL && type != JSON_TYPE_NUMBER && type != JSON_TYPE_STRING) return;
  data_ = value.data_;
  text_ = data_->text + value.token_->begin;
  size_ = value.token_->end - value.token_->begin;
}

bool JSONString::operator==(const char* text) const { return strcmp(text_, text) == 0; }
bool JSONString::operator==(const String& text) const { return *this == text.c_str(); }
bool JSONString::operator==(const JSONString& other) const {
  return size_ == other.size_ && memcmp(text_, other.text_, size_) == 0;
}
bool operator==(const char* text, const JSONString& string) { return string == text; }
bool operator!=(const char* text, const JSONString& string) { return string != text; }
bool operator==(const String& text, const JSONString& string) { return string == text; }
bool operator!=(const String& text, const JSONString& string) { return string != text; }

JSONArrayIterator::JSONArrayIterator(const JSONValue& array) {
  if (!array.isArray()) return;
  next_ = array.token_ + 1;
  left_ = array.token_->count;
  data_ = array.data_;
}

bool JSONArrayIterator::next() {
  if (left_ == 0) return false;
  --left_;
  value_ = next_;
  next_ = data_->tokens.data() + value_->after;
  return true;
}

JSONObjectIterator::JSONObjectIterator(const JSONValue& object) {
  if (!object.isObject()) return;
  next_ = object.token_ + 1;
  left_ = object.token_->count;
  data_ = object.data_;
}

bool JSONObjectIterator::next() {
  if (left_ == 0) return false;
  --left_;
  name_ = next_;
  value_ = name_ + 1;
  next_ = data_->tokens.data() + value_->after;
  return true;
}

JSONWriter& JSONWriter::begin(char bracket) {
  separate();
  write(bracket);
  state_ = kBegin;
  return *this;
}

JSONWriter& JSONWriter::end(char bracket) {
  write(bracket);
  state_ = kNext;
  return *this;
}

void JSONWriter::separate() {
  if (state_ == kNext) write(',');
  if (state_ == kValue) write(':');
  state_ = kNext;
}

JSONWriter& JSONWriter::name(const char* name) { return this->name(name, strlen(name)); }

JSONWriter& JSONWriter::name(const char* name, size_t size) {
  separate();
  write_quoted(name, size);
  state_ = kValue;
  return *this;
}

JSONWriter& JSONWriter::value(bool value) {
  separate();
  value ? write("true", 4) : write("false", 5);
  return *this;
}

JSONWriter& JSONWriter::value(int value) { return this->value(static_cast<long>(value)); }
JSONWriter& JSONWriter::value(unsigned value) { return this->value(static_cast<unsigned long>(value)); }

JSONWriter& JSONWriter::value(long value) {
  separate();
  printf("%ld", value);
  return *this;
}

JSONWriter& JSONWriter::value(unsigned long value) {
  separate();
  printf("%lu", value);
  return *this;
}

JSONWriter& JSONWriter::value(double value, int precision) {
  separate();
  printf("%.*f", precision, value);
  return *this;
}

JSONWriter& JSONWriter::value(double value) {
  separate();
  printf("%g", value);
  return *this;
}

JSONWriter& JSONWriter::value(const char* text) { return value(text, strlen(text)); }

JSONWriter& JSONWriter::value(const char* text, size_t size) {
  separate();
  write_quoted(text, size);
  return *this;
}

JSONWriter& JSONWriter::nullValue() {
  separate();
  write("null", 4);
  return *this;
}

void JSONWriter::write_quoted(const char* text, size_t size) {
  write('"');
  const char* end = text + size;
  for (const char* from = text;; ++text) {
    const bool plain = text < end && *text != '"' && *text != '\\' && static_cast<unsigned char>(*text) >= ' ';
    if (plain) continue;
    if (text > from) write(from, static_cast<size_t>(text - from));
    if (text >= end) break;
    const char* found = *text ? strchr(kMeant, *text) : nullptr;
    if (found) {
      write('\\');
      write(kEscapes[found - kMeant]);
    } else {
      printf("\\u%04x", static_cast<unsigned>(*text));
    }
    from = text + 1;
  }
  write('"');
}

void JSONWriter::printf(const char* format, ...) {
  char text[32];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (length < static_cast<int>(sizeof text)) {
    if (length > 0) write(text, static_cast<size_t>(length));
    return;
  }
  char* longer = static_cast<char*>(malloc(static_cast<size_t>(length) + 1));
  if (!longer) return;
  va_start(arguments, format);
  vsnprintf(longer, static_cast<size_t>(length) + 1, format, arguments);
  va_end(arguments);
  write(longer, static_cast<size_t>(length));
  free(longer);
}

void JSONBufferWriter::write(const char* data, size_t size) {
  const size_t room = written_ < size_ ? size_ - written_ : 0;
  memcpy(buffer_ + written_, data, size < room ? size : room);
  written_ += size;
}

// A number that just fits loses its last digit to a NUL, as in Device OS.
void JSONBufferWriter::printf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const size_t room = written_ < size_ ? size_ - written_ : 0;
  const int length = vsnprintf(room ? buffer_ + written_ : nullptr, room, format, arguments);
  va_end(arguments);
  if (length > 0) written_ += static_cast<size_t>(length);
}

}  // namespace spark
