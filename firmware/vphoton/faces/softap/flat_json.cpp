#include "faces/softap/flat_json.h"

#include <cctype>
#include <cstring>

namespace vphoton {
namespace {

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  bool object(std::vector<FlatMember>& members) {
    if (!take('{')) return false;
    if (take('}')) return true;
    do {
      FlatMember member;
      if (!string(member.name) || !take(':') || !value(member)) return false;
      members.push_back(std::move(member));
    } while (take(','));
    return take('}');
  }

 private:
  char peek() {
    while (at_ < text_.size() && strchr(" \t\r\n", text_[at_]) && text_[at_] != '\0') ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  bool value(FlatMember& member) {
    member.is_text = peek() == '"';
    return member.is_text ? string(member.value) : primitive(member.value);
  }

  // Escapes are checked and kept.
  bool string(std::string& out) {
    if (!take('"')) return false;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\' && !escape(out)) return false;
      out += text_[at_++];
    }
    if (at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  // Leaves `at_` on the last character of the escape.
  bool escape(std::string& out) {
    size_t length = at_ + 1 < text_.size() && text_[at_ + 1] == 'u' ? 6 : 2;
    if (text_.size() - at_ < length) return false;
    if (length == 2 && !memchr("\"/\\bfrnt", text_[at_ + 1], 8)) return false;
    for (size_t i = 2; i < length; ++i)
      if (!isxdigit(static_cast<unsigned char>(text_[at_ + i]))) return false;
    out.append(text_, at_, length - 1);
    at_ += length - 1;
    return true;
  }

  bool primitive(std::string& out) {
    static constexpr char kFirst[] = "-0123456789tfn";
    if (peek() == '\0' || !memchr(kFirst, peek(), sizeof kFirst - 1)) return false;
    while (at_ < text_.size() && text_[at_] > 32 && text_[at_] < 127 && !strchr(",]}:", text_[at_]))
      out += text_[at_++];
    return at_ < text_.size();  // something must end it
  }

  const std::string& text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<std::vector<FlatMember>> parse_flat_object(const std::string& text) {
  std::vector<FlatMember> members;
  if (!Parser(text).object(members)) return std::nullopt;
  return members;
}

std::string json_unescaped(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size() || text[i + 1] == 'u') {
      plain += text[i];
      continue;
    }
    char c = text[++i];
    plain += c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c == 'b' ? '\b' : c == 'f' ? '\f' : c;
  }
  return plain;
}

}  // namespace vphoton
