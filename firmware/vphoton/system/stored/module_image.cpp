#include "system/stored/module_image.h"

#include "base/crc32.h"

namespace vphoton {
namespace {

// Device OS 2.3.1: a module that begins with a vector table has its prefix behind it; the table's first word is the
// stack pointer, an address in RAM.
constexpr size_t kPrefixBehindVectors = 0x184;
constexpr uint32_t kRamMask = 0x2FF10000;
constexpr uint32_t kRam = 0x20000000;

// Sizes a suffix states: without the product fields and with them.
constexpr uint16_t kSuffixPlain = 36;
constexpr uint16_t kSuffixProduct = 40;

constexpr ModulePlace kPlaces[] = {
    {ModuleFunction::Bootloader, 0, 0x08000000, 16 * 1024},
    {ModuleFunction::SystemPart, 1, 0x08020000, 256 * 1024},
    {ModuleFunction::SystemPart, 2, 0x08060000, 256 * 1024},
    {ModuleFunction::UserPart, 1, kUserPartAddress, kUserPartSize},
};

uint16_t get16(const std::string& in, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(in[at]) | static_cast<uint8_t>(in[at + 1]) << 8);
}

uint32_t get32(const std::string& in, size_t at) {
  return get16(in, at) | static_cast<uint32_t>(get16(in, at + 2)) << 16;
}

ModuleDependency get_dependency(const std::string& in, size_t at) {
  return {static_cast<ModuleFunction>(in[at]), static_cast<uint8_t>(in[at + 1]), get16(in, at + 2)};
}

std::nullopt_t fail(std::string* reason, std::string text) {
  if (reason) *reason = std::move(text);
  return std::nullopt;
}

}  // namespace

const ModulePlace* ModulePlace::find(ModuleFunction function, uint8_t index) {
  for (const auto& place : kPlaces)
    if (place.function == function && place.index == index) return &place;
  return nullptr;
}

std::optional<ModuleImage> ModuleImage::parse(const std::string& data, std::string* reason) {
  if (data.size() < kModulePrefixSize + kModuleSuffixSize) return fail(reason, "is shorter than any module");
  size_t at = (get32(data, 0) & kRamMask) == kRam ? kPrefixBehindVectors : 0;
  const size_t shortest = at + kModulePrefixSize + kModuleSuffixSize;
  if (data.size() < shortest) return fail(reason, "is shorter than any module");
  ModuleImage image;
  image.prefix = at;
  image.start = get32(data, at);
  image.end = get32(data, at + 4);
  image.flags = static_cast<uint8_t>(data[at + 9]);
  image.version = get16(data, at + 10);
  image.platform = get16(data, at + 12);
  image.function = static_cast<ModuleFunction>(data[at + 14] & 0x0F);
  image.index = static_cast<uint8_t>(data[at + 15]);
  image.dependency[0] = get_dependency(data, at + 16);
  image.dependency[1] = get_dependency(data, at + 20);
  uint64_t length = static_cast<uint64_t>(image.end) - image.start + 4;
  if (image.end <= image.start || length < shortest) return fail(reason, "does not begin with a module prefix");
  if (length > data.size())
    return fail(reason, "is cut short: " + std::to_string(data.size()) + " of " + std::to_string(length) + " bytes");
  image.bytes = data.substr(0, length);
  size_t suffix = length - kModuleSuffixSize;
  uint16_t suffix_size = get16(data, suffix + 38);
  if (suffix_size != kSuffixPlain && suffix_size != kSuffixProduct)
    return fail(reason, "has no module suffix of 36 or 40 bytes");
  image.product_id = suffix_size == kSuffixProduct ? get16(data, suffix) : 0xFFFF;
  image.product_version = suffix_size == kSuffixProduct ? get16(data, suffix + 2) : 0xFFFF;
  image.sha256 = data.substr(suffix + 6, 32);
  return image;
}

uint8_t ModuleImage::valid_checks(uint16_t system_version) const {
  uint8_t valid = 0;
  size_t body = bytes.size() - 4;
  uint32_t stored = 0;
  for (size_t i = body; i < bytes.size(); ++i) stored = stored << 8 | static_cast<uint8_t>(bytes[i]);
  if (crc32(bytes.data(), body) == stored) valid |= ModuleCheck::Integrity;
  // A user part needs a Device OS that has the version or a later one. What the others need is not checked.
  auto met = [system_version](const ModuleDependency& needed) {
    return needed.function == ModuleFunction::None ||
           (needed.function == ModuleFunction::SystemPart && needed.version <= system_version);
  };
  if (function != ModuleFunction::UserPart || (met(dependency[0]) && met(dependency[1])))
    valid |= ModuleCheck::Dependencies;
  if (const ModulePlace* place = ModulePlace::find(function, index)) {
    bool stand_in = function != ModuleFunction::UserPart && start == place->address + kStandInOffset;
    if ((start == place->address || stand_in) && bytes.size() <= place->size) valid |= ModuleCheck::AddressRange;
  }
  if (platform == kPhotonPlatform) valid |= ModuleCheck::Platform;
  return valid;
}

std::string ModuleImage::why_not_runnable(uint16_t system_version) const {
  if (function != ModuleFunction::UserPart || index != 1) return "is not a user part";
  uint8_t valid = valid_checks(system_version);
  if (!(valid & ModuleCheck::AddressRange)) return "does not lie in the user part's 128 KB at 0x080A0000";
  if (!(valid & ModuleCheck::Platform)) return "is for platform " + std::to_string(platform) + ", a Photon is 6";
  if (!(valid & ModuleCheck::Integrity)) return "has a wrong CRC";
  if (!(valid & ModuleCheck::Dependencies))
    return "needs system part " + std::to_string(dependency[0].index) + " version " +
           std::to_string(dependency[0].version) + " or later; this device has " + std::to_string(system_version);
  return "";
}

}  // namespace vphoton
