// JSON of the control socket: read, looked into, and a text that is quoted comes back as it was.
#include "base/json.h"
#include "board/access_point.h"
#include "input.h"

using namespace vphoton;

namespace {

void look(const JsonValue& value, int depth) {
  fuzz::require(depth <= 17, "a document is at most 16 levels deep");
  for (const auto& item : value.items) look(item, depth + 1);
  for (const auto& member : value.members) {
    fuzz::require(value.find(member.first) != nullptr, "a member is found by its name");
    value.int_at(member.first);
    value.string_at(member.first);
    value.bool_at(member.first);
    look(member.second, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto value = JsonValue::parse(text)) {
    look(*value, 0);
    std::string reason;
    parse_air(*value, &reason);
  }
  const auto quoted = JsonValue::parse(json_quote(text));
  fuzz::require(quoted && quoted->type == JsonValue::Type::String && quoted->text == text,
                "a quoted text comes back as it was");
  return 0;
}
