// JSON of the control socket and of files a person writes. SoftAP has rules of its own (softap/flat_json.h).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vphoton {

struct JsonValue {
  enum class Type { Null, Bool, Number, String, Array, Object };
  Type type = Type::Null;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<JsonValue> items;
  std::vector<std::pair<std::string, JsonValue>> members;

  // A whole document, at most 16 levels deep.
  static std::optional<JsonValue> parse(const std::string& text);

  const JsonValue* find(const std::string& name) const;
  // The member if it has this type.
  std::optional<std::string> string_at(const std::string& name) const;
  std::optional<int> int_at(const std::string& name) const;
  std::optional<bool> bool_at(const std::string& name) const;
};

// With quotation marks. Bytes above 0x7F are taken for UTF-8 and kept.
std::string json_quote(const std::string& text);

// {"a":1,...} built member by member.
class JsonObject {
 public:
  JsonObject& add(const char* name, const std::string& text);
  JsonObject& add(const char* name, const char* text);
  JsonObject& add(const char* name, bool value);
  JsonObject& add(const char* name, long long value);
  JsonObject& add(const char* name, int value) { return add(name, static_cast<long long>(value)); }
  // `json` is taken as it is.
  JsonObject& add_raw(const char* name, const std::string& json);
  std::string str() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};

}  // namespace vphoton
