#include "system/stored/system_modules.h"

#include <string>

namespace vphoton {
namespace {

constexpr struct {
  Region region;
  ModuleFunction function;
  uint8_t index;
} kPlaces[] = {
    {Region::Bootloader, ModuleFunction::Bootloader, 0},
    {Region::SystemPart1, ModuleFunction::SystemPart, 1},
    {Region::SystemPart2, ModuleFunction::SystemPart, 2},
};

}  // namespace

std::vector<ModuleImage> read_system_modules(const FlashDevice& flash) {
  std::vector<ModuleImage> found;
  for (const auto& place : kPlaces) {
    // Almost always, and then there is no need for memory to read the whole of it.
    if (flash.read(place.region, 0, kModulePrefixSize) == std::string(kModulePrefixSize, '\xFF')) continue;
    auto image = ModuleImage::parse(flash.read(place.region, 0, FlashDevice::size(place.region)));
    if (image && image->function == place.function && image->index == place.index) found.push_back(std::move(*image));
  }
  return found;
}

std::optional<uint16_t> system_module_version(const std::vector<ModuleImage>& flashed) {
  std::optional<uint16_t> version;
  size_t parts = 0;
  for (const auto& module : flashed) {
    if (module.function != ModuleFunction::SystemPart || module.valid_checks() != ModuleCheck::All) continue;
    if (version && *version != module.version) return std::nullopt;
    version = module.version;
    ++parts;
  }
  return parts == 2 ? version : std::nullopt;
}

}  // namespace vphoton
