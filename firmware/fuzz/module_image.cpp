// Modules: whatever bytes stand in flash are refused or described, never run. With bit 0 of the first byte, the length
// and the CRC are put right first, or nothing would come past them.
#include "system/stored/module_image.h"

#include "base/crc32.h"
#include "input.h"
#include "system/stored/system_describe.h"

using namespace vphoton;

namespace {

void put_right(std::string& module) {
  const size_t prefix = module.size() > 3 && (module[3] & 0x2F) == 0x20 ? 0x184 : 0;  // or nearly so
  if (module.size() < prefix + kModulePrefixSize + kModuleSuffixSize) return;
  uint32_t start = 0;
  for (size_t i = 4; i-- > 0;) start = start << 8 | static_cast<uint8_t>(module[prefix + i]);
  const uint32_t end = start + static_cast<uint32_t>(module.size()) - 4;
  for (size_t i = 0; i < 4; ++i) module[prefix + 4 + i] = static_cast<char>(end >> (8 * i));
  module[module.size() - 6] = 40;
  module[module.size() - 5] = 0;
  const uint32_t crc = crc32(module.data(), module.size() - 4);
  for (size_t i = 0; i < 4; ++i) module[module.size() - 4 + i] = static_cast<char>(crc >> (24 - 8 * i));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const bool repair = input.byte() & 1;
  std::string flash = input.rest();
  if (repair) put_right(flash);
  std::string reason;
  const auto image = ModuleImage::parse(flash, &reason);
  fuzz::require(image.has_value() == reason.empty(), "a refusal has a reason");
  if (!image) return 0;
  fuzz::require(image->bytes.size() <= flash.size(), "a module lies within its flash");
  fuzz::require(image->prefix + kModulePrefixSize + kModuleSuffixSize <= image->bytes.size(),
                "vector table, prefix and suffix lie within the module");
  fuzz::require(image->why_not_runnable().empty() <= (image->valid_checks() == ModuleCheck::All),
                "what runs has passed every check");
  system_describe(&*image);
  if (image->function != ModuleFunction::UserPart) system_describe(nullptr, 2302, {*image});
  return 0;
}
