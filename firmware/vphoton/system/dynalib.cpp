#include "system/dynalib.h"

#include <array>
#include <charconv>

namespace vphoton::system {

extern const char kDynalib[];  // made by the build: the file's text

namespace {

std::array<std::string_view, 6> fields(std::string_view line) {
  std::array<std::string_view, 6> found;
  for (auto& field : found) {
    const size_t end = line.find('\t');
    field = line.substr(0, end);
    line.remove_prefix(end == line.npos ? line.size() : end + 1);
  }
  return found;
}

uint32_t number(std::string_view text, int base) {
  uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, base);
  return value;
}

std::vector<DynalibFunction> parse(std::string_view text) {
  std::vector<DynalibFunction> functions;
  text.remove_prefix(text.find('\n') + 1);  // the heading
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const auto [table, pointer_at, index, name, signature, since] = fields(text.substr(0, end));
    if (!pointer_at.empty())
      functions.push_back({table, number(pointer_at.substr(2), 16), number(index, 10), name, signature});
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return functions;
}

}  // namespace

const std::vector<DynalibFunction>& dynalib() {
  static const std::vector<DynalibFunction> functions = parse(kDynalib);
  return functions;
}

}  // namespace vphoton::system
