#include "module/system_describe.h"

#include "core/hex.h"

namespace vphoton {
namespace {

char function_letter(ModuleFunction function) {
  static constexpr char kLetters[] = "nrbmsu?ca";
  auto number = static_cast<size_t>(function);
  return number < sizeof kLetters - 1 ? kLetters[number] : '?';
}

std::string dependency(const ModuleDependency& needed) {
  return std::string("{\"f\":\"") + function_letter(needed.function) + "\",\"n\":\"" + std::to_string(needed.index) +
         "\",\"v\":" + std::to_string(needed.version) + "}";
}

}  // namespace

std::string system_describe(const ModuleImage* user_part, uint16_t system_version) {
  // Device OS 2.3.1, bootloader and system parts; for other versions only their number is known (a choice).
  const std::string version = std::to_string(system_version);
  std::string text =
      "\"p\":6,\"m\":["
      "{\"s\":16384,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"b\",\"n\":\"0\",\"v\":1006,\"d\":[]},"
      "{\"s\":262144,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"s\",\"n\":\"1\",\"v\":" +
      version +
      ",\"d\":[{\"f\":\"s\",\"n\":\"2\",\"v\":207}]},"
      "{\"s\":262144,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"s\",\"n\":\"2\",\"v\":" +
      version + ",\"d\":[{\"f\":\"s\",\"n\":\"1\",\"v\":" + version + "},{\"f\":\"b\",\"n\":\"0\",\"v\":1003}]}";
  if (user_part) {
    text += ",{\"s\":131072,\"l\":\"m\",\"vc\":30,\"vv\":" + std::to_string(user_part->valid_checks()) + ",\"u\":\"" +
            to_upper_hex(user_part->sha256) + "\",\"f\":\"" + function_letter(user_part->function) + "\",\"n\":\"" +
            std::to_string(user_part->index) + "\",\"v\":" + std::to_string(user_part->version) + ",\"d\":[";
    bool first = true;
    for (const auto& needed : user_part->dependency) {
      if (needed.function == ModuleFunction::None) continue;
      if (!first) text += ",";
      text += dependency(needed);
      first = false;
    }
    text += "]}";
  }
  return text + "]";
}

}  // namespace vphoton
