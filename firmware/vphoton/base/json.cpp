#include "base/json.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

namespace vphoton {
namespace {

constexpr int kDeepest = 16;

void append_utf8(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

class Parser {
 public:
  explicit Parser(const std::string& text) : at_(text.c_str()), end_(at_ + text.size()) {}

  bool document(JsonValue& value) {
    if (!any(value, 0)) return false;
    space();
    return at_ == end_;
  }

 private:
  void space() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r' || *at_ == '\n')) ++at_;
  }

  bool take(char c) {
    space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  bool word(const char* text) {
    size_t length = strlen(text);
    if (static_cast<size_t>(end_ - at_) < length || memcmp(at_, text, length) != 0) return false;
    at_ += length;
    return true;
  }

  bool any(JsonValue& value, int depth) {
    space();
    if (at_ == end_ || depth > kDeepest) return false;
    switch (*at_) {
      case '{':
        return object(value, depth);
      case '[':
        return array(value, depth);
      case '"':
        value.type = JsonValue::Type::String;
        return string(value.text);
      case 't':
        value.type = JsonValue::Type::Bool;
        value.boolean = true;
        return word("true");
      case 'f':
        value.type = JsonValue::Type::Bool;
        return word("false");
      case 'n':
        return word("null");
      default:
        return number(value);
    }
  }

  bool object(JsonValue& value, int depth) {
    value.type = JsonValue::Type::Object;
    ++at_;
    if (take('}')) return true;
    do {
      std::pair<std::string, JsonValue> member;
      space();
      if (at_ == end_ || *at_ != '"' || !string(member.first) || !take(':') || !any(member.second, depth + 1))
        return false;
      value.members.push_back(std::move(member));
    } while (take(','));
    return take('}');
  }

  bool array(JsonValue& value, int depth) {
    value.type = JsonValue::Type::Array;
    ++at_;
    if (take(']')) return true;
    do {
      value.items.emplace_back();
      if (!any(value.items.back(), depth + 1)) return false;
    } while (take(','));
    return take(']');
  }

  bool number(JsonValue& value) {
    if (*at_ != '-' && (*at_ < '0' || *at_ > '9')) return false;
    size_t length = 0;
    char copy[40];
    while (at_ + length < end_ && length < sizeof copy - 1 && strchr("+-.0123456789eE", at_[length])) {
      copy[length] = at_[length];
      ++length;
    }
    copy[length] = '\0';
    char* stop = nullptr;
    value.type = JsonValue::Type::Number;
    value.number = strtod(copy, &stop);
    if (stop != copy + length || !std::isfinite(value.number)) return false;
    at_ += length;
    return true;
  }

  bool hex4(uint32_t& code) {
    if (end_ - at_ < 4) return false;
    code = 0;
    for (int i = 0; i < 4; ++i, ++at_) {
      const char* digits = "0123456789abcdef0123456789ABCDEF";
      const char* found = *at_ ? strchr(digits, *at_) : nullptr;
      if (!found) return false;
      code = code << 4 | static_cast<uint32_t>((found - digits) % 16);
    }
    return true;
  }

  bool string(std::string& out) {
    ++at_;
    while (at_ < end_ && *at_ != '"') {
      char c = *at_++;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (at_ == end_) return false;
      char escaped = *at_++;
      if (escaped == 'u') {
        uint32_t code, low;
        if (!hex4(code)) return false;
        if (code >= 0xD800 && code < 0xDC00) {
          if (!word("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
          code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        }
        append_utf8(out, code);
        continue;
      }
      const char* names = "\"\\/bfnrt";
      const char* found = escaped ? strchr(names, escaped) : nullptr;
      if (!found) return false;
      out += "\"\\/\b\f\n\r\t"[found - names];
    }
    if (at_ == end_) return false;
    ++at_;
    return true;
  }

  const char* at_;
  const char* end_;
};

}  // namespace

std::optional<JsonValue> JsonValue::parse(const std::string& text) {
  JsonValue value;
  if (!Parser(text).document(value)) return std::nullopt;
  return value;
}

const JsonValue* JsonValue::find(const std::string& name) const {
  for (const auto& member : members)
    if (member.first == name) return &member.second;
  return nullptr;
}

std::optional<std::string> JsonValue::string_at(const std::string& name) const {
  const JsonValue* value = find(name);
  if (!value || value->type != Type::String) return std::nullopt;
  return value->text;
}

std::optional<int> JsonValue::int_at(const std::string& name) const {
  const JsonValue* value = find(name);
  if (!value || value->type != Type::Number || value->number != std::floor(value->number) ||
      std::fabs(value->number) > 2147483647.0)
    return std::nullopt;
  return static_cast<int>(value->number);
}

std::optional<bool> JsonValue::bool_at(const std::string& name) const {
  const JsonValue* value = find(name);
  if (!value || value->type != Type::Bool) return std::nullopt;
  return value->boolean;
}

std::string json_quote(const std::string& text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      static const char* const kDigits = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[c >> 4 & 15];
      out += kDigits[c & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

JsonObject& JsonObject::add_raw(const char* name, const std::string& json) {
  if (!body_.empty()) body_ += ',';
  body_ += json_quote(name) + ":" + json;
  return *this;
}

JsonObject& JsonObject::add(const char* name, const std::string& text) { return add_raw(name, json_quote(text)); }
JsonObject& JsonObject::add(const char* name, const char* text) { return add_raw(name, json_quote(text)); }
JsonObject& JsonObject::add(const char* name, bool value) { return add_raw(name, value ? "true" : "false"); }
JsonObject& JsonObject::add(const char* name, long long value) { return add_raw(name, std::to_string(value)); }

}  // namespace vphoton
