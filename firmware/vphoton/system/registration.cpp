#include "system/registration.h"

#include <utility>
#include <vector>

#include "faces/cloud/describe.h"
#include "faces/cloud/messages.h"

namespace vphoton::cloud {
namespace {

constexpr size_t kMaxSubscription = 63;  // Device OS 2.3.1

bool name_fits(Device& device, const std::string& name) {
  return !name.empty() && name.size() <= device.generation().max_name;
}

// Puts `entry` in the place of one of the same name, or at the end if the description still fits.
template <typename Entry>
bool add(Device& device, std::vector<Entry>& list, Entry entry) {
  if (!name_fits(device, entry.name)) return false;
  for (auto& existing : list) {
    if (existing.name == entry.name) {
      existing = std::move(entry);
      return true;
    }
  }
  list.push_back(std::move(entry));
  const size_t limit = device.generation().max_application_describe;
  if (limit == 0 || describe_json(kDescribeApplication, device.surface(), "").size() <= limit) return true;
  list.pop_back();
  return false;
}

}  // namespace

bool add_variable(Device& device, Variable variable) {
  return add(device, device.surface().variables, std::move(variable));
}

bool add_function(Device& device, Function function) {
  return add(device, device.surface().functions, std::move(function));
}

bool add_subscription(Device& device, Subscription subscription) {
  auto& list = device.surface().subscriptions;
  if (subscription.prefix.size() > kMaxSubscription || list.size() >= kMaxAppSubscriptions) return false;
  list.push_back(std::move(subscription));
  device.cloud().subscriptions_changed();
  return true;
}

void remove_subscriptions(Device& device) {
  device.surface().subscriptions.clear();
  device.cloud().subscriptions_changed();
}

}  // namespace vphoton::cloud
