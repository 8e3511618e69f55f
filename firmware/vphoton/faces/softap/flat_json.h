// JSON as SoftAP understands it: one flat object of texts and primitives, escapes left as they are.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vphoton {

struct FlatMember {
  std::string name;
  bool is_text;
  std::string value;  // between the quotation marks, or the primitive as written
};

// Nothing when `text` does not begin with such an object. What follows the object is ignored.
std::optional<std::vector<FlatMember>> parse_flat_object(const std::string& text);

// With the escapes of JSON resolved, as Device OS does for certificates alone. \\u stays as it is: PEM has none.
std::string json_unescaped(const std::string& text);

}  // namespace vphoton
