#include "system/stored/system_describe.h"

#include "base/hex.h"

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

std::string dependencies(const ModuleImage& module) {
  std::string list;
  for (const auto& needed : module.dependency) {
    if (needed.function == ModuleFunction::None) continue;
    if (!list.empty()) list += ",";
    list += dependency(needed);
  }
  return list;
}

// `unique` is the member that only user parts have, `store` m for main and f for factory.
std::string describe(const ModuleImage& module, uint16_t system_version, uint32_t size, const std::string& unique = "",
                     char store = 'm') {
  return "{\"s\":" + std::to_string(size) + ",\"l\":\"" + store +
         "\",\"vc\":30,\"vv\":" + std::to_string(module.valid_checks(system_version)) + unique + ",\"f\":\"" +
         function_letter(module.function) + "\",\"n\":\"" + std::to_string(module.index) +
         "\",\"v\":" + std::to_string(module.version) + ",\"d\":[" + dependencies(module) + "]}";
}

}  // namespace

std::string system_describe(const ModuleImage* user_part, uint16_t system_version,
                            const std::vector<ModuleImage>& flashed, const ModuleImage* factory_image) {
  // Device OS 2.3.1, bootloader and system parts; for other versions only their number is known (a choice).
  const std::string version = std::to_string(system_version);
  const struct {
    ModuleFunction function;
    uint8_t index;
    std::string text;
  } factory[] = {
      {ModuleFunction::Bootloader, 0,
       "{\"s\":16384,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"b\",\"n\":\"0\",\"v\":1006,\"d\":[]}"},
      {ModuleFunction::SystemPart, 1,
       "{\"s\":262144,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"s\",\"n\":\"1\",\"v\":" + version +
           ",\"d\":[{\"f\":\"s\",\"n\":\"2\",\"v\":207}]}"},
      {ModuleFunction::SystemPart, 2,
       "{\"s\":262144,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"s\",\"n\":\"2\",\"v\":" + version +
           ",\"d\":[{\"f\":\"s\",\"n\":\"1\",\"v\":" + version + "},{\"f\":\"b\",\"n\":\"0\",\"v\":1003}]}"},
  };
  std::string modules;
  for (const auto& [function, index, text] : factory) {
    std::string said = text;
    for (const auto& module : flashed)
      if (module.function == function && module.index == index)
        said = describe(module, system_version, ModulePlace::find(function, index)->size);
    modules += (modules.empty() ? "" : ",") + said;
  }
  auto unique = [](const ModuleImage& module) { return ",\"u\":\"" + to_upper_hex(module.sha256) + "\""; };
  if (user_part) modules += "," + describe(*user_part, system_version, kUserPartSize, unique(*user_part));
  if (factory_image)
    modules += "," + describe(*factory_image, system_version, kUserPartSize, unique(*factory_image), 'f');
  return "\"p\":6,\"m\":[" + modules + "]";
}

}  // namespace vphoton
