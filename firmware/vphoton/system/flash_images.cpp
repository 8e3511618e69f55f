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

// The same for every image.
const auto& tables(uint32_t host_calls) {
  static std::map<uint32_t, decltype(table_segments(0))> made;
  const auto [found, fresh] = made.try_emplace(host_calls);
  if (fresh) found->second = table_segments(host_calls);
  return found->second;
}

std::shared_ptr<machine::Flash> make(const std::string& module, uint32_t host_calls) {
  auto flash = std::make_shared<machine::Flash>();
  flash->add(kUserPartAddress, flashed(module), module.size());
  // No code lies in the tables.
  for (const auto& [base, bytes] : tables(host_calls)) flash->add(base, bytes, 0);
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
