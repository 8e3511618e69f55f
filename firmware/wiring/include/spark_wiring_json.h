// Reads and writes JSON.
//
//   JSONValue value = JSONValue::parseCopy("{\"up\": true}");
//   for (JSONObjectIterator each(value); each.next();) Log.info("%s", (const char*)each.name());
//
//   JSONBufferWriter writer(text, sizeof text);
//   writer.beginObject().name("up").value(true).endObject();
#pragma once

#include <memory>

#include "spark_wiring_print.h"
#include "spark_wiring_string.h"

namespace spark {

enum JSONType {
  JSON_TYPE_INVALID,
  JSON_TYPE_NULL,
  JSON_TYPE_BOOL,
  JSON_TYPE_NUMBER,
  JSON_TYPE_STRING,
  JSON_TYPE_ARRAY,
  JSON_TYPE_OBJECT,
};

class JSONString;
class JSONArrayIterator;
class JSONObjectIterator;

namespace detail {
struct JSONData;
struct JSONToken;
typedef std::shared_ptr<JSONData> JSONDataPtr;
}  // namespace detail

// A value, with all that it is a part of.
class JSONValue {
 public:
  JSONValue() = default;

  // Of a string: false for "", "false", "0" and "0.0". Of a number: false for 0 and 0.0 as written.
  bool toBool() const;
  int toInt() const;  // of a string: the number it begins with; 0 for an array, an object and null
  double toDouble() const;
  JSONString toString() const;  // of a number or a bool: as written

  JSONType type() const;
  bool isNull() const { return type() == JSON_TYPE_NULL; }
  bool isBool() const { return type() == JSON_TYPE_BOOL; }
  bool isNumber() const { return type() == JSON_TYPE_NUMBER; }
  bool isString() const { return type() == JSON_TYPE_STRING; }
  bool isArray() const { return type() == JSON_TYPE_ARRAY; }
  bool isObject() const { return type() == JSON_TYPE_OBJECT; }
  bool isValid() const { return type() != JSON_TYPE_INVALID; }

  // Invalid when the text is no JSON, or for want of memory. parse() works in the text, which must stay; it ends
  // strings there with a NUL.
  static JSONValue parse(char* json, size_t size);
  static JSONValue parseCopy(const char* json, size_t size);
  static JSONValue parseCopy(const char* json);

 private:
  friend class JSONString;
  friend class JSONArrayIterator;
  friend class JSONObjectIterator;

  JSONValue(const detail::JSONToken* token, detail::JSONDataPtr data) : token_(token), data_(std::move(data)) {}

  const detail::JSONToken* token_ = nullptr;
  detail::JSONDataPtr data_;
};

// The text of a value, without quotes and escapes; \u escapes beyond ASCII stay as they are.
class JSONString {
 public:
  JSONString() = default;
  explicit JSONString(const JSONValue& value);

  const char* data() const { return text_; }
  size_t size() const { return size_; }
  bool isEmpty() const { return size_ == 0; }
  bool operator==(const char* text) const;
  bool operator!=(const char* text) const { return !(*this == text); }
  bool operator==(const String& text) const;
  bool operator!=(const String& text) const { return !(*this == text); }
  bool operator==(const JSONString& other) const;
  bool operator!=(const JSONString& other) const { return !(*this == other); }
  explicit operator const char*() const { return text_; }
  explicit operator String() const { return String(text_, static_cast<unsigned>(size_)); }

 private:
  const char* text_ = "";
  size_t size_ = 0;
  detail::JSONDataPtr data_;  // where the text is
};

bool operator==(const char* text, const JSONString& string);
bool operator!=(const char* text, const JSONString& string);
bool operator==(const String& text, const JSONString& string);
bool operator!=(const String& text, const JSONString& string);

class JSONArrayIterator {
 public:
  JSONArrayIterator() = default;
  explicit JSONArrayIterator(const JSONValue& array);

  bool next();  // to the first, and on; false: there is none
  JSONValue value() const { return JSONValue(value_, data_); }
  size_t count() const { return left_; }  // how many are still to come

 private:
  const detail::JSONToken* next_ = nullptr;
  const detail::JSONToken* value_ = nullptr;
  size_t left_ = 0;
  detail::JSONDataPtr data_;
};

class JSONObjectIterator {
 public:
  JSONObjectIterator() = default;
  explicit JSONObjectIterator(const JSONValue& object);

  bool next();
  JSONString name() const { return JSONString(JSONValue(name_, data_)); }
  JSONValue value() const { return JSONValue(value_, data_); }
  size_t count() const { return left_; }

 private:
  const detail::JSONToken* next_ = nullptr;
  const detail::JSONToken* name_ = nullptr;
  const detail::JSONToken* value_ = nullptr;
  size_t left_ = 0;
  detail::JSONDataPtr data_;
};

// Puts in commas and escapes; that each begin has its end is the caller's.
class JSONWriter {
 public:
  JSONWriter() = default;
  virtual ~JSONWriter() = default;

  JSONWriter& beginArray() { return begin('['); }
  JSONWriter& endArray() { return end(']'); }
  JSONWriter& beginObject() { return begin('{'); }
  JSONWriter& endObject() { return end('}'); }
  JSONWriter& name(const char* name);
  JSONWriter& name(const char* name, size_t size);
  JSONWriter& name(const String& name) { return this->name(name.c_str(), name.length()); }
  JSONWriter& value(bool value);
  JSONWriter& value(int value);
  JSONWriter& value(unsigned value);
  JSONWriter& value(long value);
  JSONWriter& value(unsigned long value);
  JSONWriter& value(double value, int precision);  // digits behind the point
  JSONWriter& value(double value);
  JSONWriter& value(const char* text);
  JSONWriter& value(const char* text, size_t size);
  JSONWriter& value(const String& text) { return value(text.c_str(), text.length()); }
  JSONWriter& nullValue();

 protected:
  virtual void write(const char* data, size_t size) = 0;
  virtual void printf(const char* format, ...) __attribute__((format(printf, 2, 3)));

 private:
  enum State { kBegin, kNext, kValue };

  JSONWriter& begin(char bracket);
  JSONWriter& end(char bracket);
  void separate();
  void write(char c) { write(&c, 1); }
  void write_quoted(const char* text, size_t size);

  State state_ = kBegin;
};

class JSONStreamWriter : public JSONWriter {
 public:
  explicit JSONStreamWriter(Print& stream) : stream_(stream) {}
  Print* stream() const { return &stream_; }

 protected:
  void write(const char* data, size_t size) override { stream_.write(reinterpret_cast<const uint8_t*>(data), size); }

 private:
  Print& stream_;
};

// Writes no NUL; what has no room is dropped and counted.
class JSONBufferWriter : public JSONWriter {
 public:
  JSONBufferWriter(char* buffer, size_t size) : buffer_(buffer), size_(size) {}
  char* buffer() const { return buffer_; }
  size_t bufferSize() const { return size_; }
  size_t dataSize() const { return written_; }  // what the text needs, possibly more than bufferSize()

 protected:
  void write(const char* data, size_t size) override;
  void printf(const char* format, ...) override __attribute__((format(printf, 2, 3)));

 private:
  char* buffer_;
  size_t size_;
  size_t written_ = 0;
};

}  // namespace spark
