#include "system/flash_images.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "system/tables.h"

namespace vphoton::system {
namespace {

std::vector<uint8_t> flashed(const std::string& module) {
  std::vector<uint8_t> bytes(kUserPartSize, 0xFF);
  std::copy(module.begin(), module.end(), bytes.begin());
  return bytes;
}

std::shared_ptr<machine::Flash> make(const std::string& module, uint32_t host_calls) {
  auto flash = std::make_shared<machine::Flash>();
  flash->add(kUserPartAddress, flashed(module));
  for (auto& [base, bytes] : table_segments(host_calls)) flash->add(base, std::move(bytes));
  return flash;
}

}  // namespace

std::shared_ptr<machine::Flash> flash_with(const ModuleImage& image, uint32_t host_calls) {
  static std::map<std::string, std::weak_ptr<machine::Flash>> in_use;
  auto found = in_use.find(image.bytes);
  if (found != in_use.end())
    if (auto flash = found->second.lock()) return flash;
  for (auto each = in_use.begin(); each != in_use.end();)
    each = each->second.expired() ? in_use.erase(each) : std::next(each);
  auto flash = make(image.bytes, host_calls);
  in_use[image.bytes] = flash;
  return flash;
}

}  // namespace vphoton::system
