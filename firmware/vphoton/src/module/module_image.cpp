#include "module/module_image.h"

#include "module/app_abi.h"
#include "module/crc32.h"

namespace vphoton {
namespace {

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

std::optional<ModuleImage> ModuleImage::parse(const std::string& data, std::string* reason) {
  if (data.size() < kModulePrefixSize + kModuleSuffixSize) return fail(reason, "is shorter than any module");
  ModuleImage image;
  image.start = get32(data, 0);
  image.end = get32(data, 4);
  image.flags = static_cast<uint8_t>(data[9]);
  image.version = get16(data, 10);
  image.platform = get16(data, 12);
  image.function = static_cast<ModuleFunction>(data[14] & 0x0F);
  image.index = static_cast<uint8_t>(data[15]);
  image.dependency[0] = get_dependency(data, 16);
  image.dependency[1] = get_dependency(data, 20);
  uint64_t length = static_cast<uint64_t>(image.end) - image.start + 4;
  if (image.end <= image.start || length < kModulePrefixSize + kModuleSuffixSize)
    return fail(reason, "does not begin with a module prefix");
  if (length > data.size())
    return fail(reason, "is cut short: " + std::to_string(data.size()) + " of " + std::to_string(length) + " bytes");
  image.bytes = data.substr(0, length);
  size_t suffix = length - kModuleSuffixSize;
  if (get16(data, suffix + 38) != 40) return fail(reason, "has no module suffix of 40 bytes");
  image.product_id = get16(data, suffix);
  image.product_version = get16(data, suffix + 2);
  image.sha256 = data.substr(suffix + 6, 32);
  return image;
}

uint8_t ModuleImage::valid_checks() const {
  uint8_t valid = 0;
  size_t body = bytes.size() - 4;
  uint32_t stored = 0;
  for (size_t i = body; i < bytes.size(); ++i) stored = stored << 8 | static_cast<uint8_t>(bytes[i]);
  if (crc32(bytes.data(), body) == stored) valid |= ModuleCheck::Integrity;
  // A real user part needs a Device OS that has the version or a later one; a native one runs nowhere else.
  if (dependency[0].function == ModuleFunction::SystemPart && dependency[0].index == 2 &&
      dependency[0].version == kNativeSystemVersion)
    valid |= ModuleCheck::Dependencies;
  if (start == kUserPartAddress && end <= kFlashEnd && bytes.size() <= kUserPartSize)
    valid |= ModuleCheck::AddressRange;
  if (platform == kPhotonPlatform) valid |= ModuleCheck::Platform;
  return valid;
}

std::string ModuleImage::why_not_runnable() const {
  if (function != ModuleFunction::UserPart || index != 1) return "is not a user part";
  uint8_t valid = valid_checks();
  if (!(valid & ModuleCheck::AddressRange)) return "does not lie in the user part's 128 KB at 0x080A0000";
  if (!(valid & ModuleCheck::Platform)) return "is for platform " + std::to_string(platform) + ", a Photon is 6";
  if (!(valid & ModuleCheck::Integrity)) return "has a wrong CRC";
  if (!(valid & ModuleCheck::Dependencies))
    return "needs system part " + std::to_string(dependency[0].index) + " version " +
           std::to_string(dependency[0].version) + "; a virtual Photon runs only native builds, which need 61441";
  return "";
}

std::string ModuleImage::payload() const {
  return bytes.substr(kModulePrefixSize, bytes.size() - kModulePrefixSize - kModuleSuffixSize);
}

}  // namespace vphoton
