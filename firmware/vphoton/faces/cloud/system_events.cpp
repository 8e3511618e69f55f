#include "faces/cloud/system_events.h"

#include <string_view>

namespace vphoton::cloud {
namespace {

bool starts_with(const std::string& text, std::string_view prefix) {
  return std::string_view(text).substr(0, prefix.size()) == prefix;
}

// Device OS compares only as many characters as the data has, so "", "t" and "true" all set a flag.
bool sets_flag(const std::string& data) {
  return data.size() <= 4 && std::string_view("true").substr(0, data.size()) == data;
}

void request_reset(CloudHost& host, const std::string& data) {
  if (data == "reboot")
    host.reset_requested(ResetRequest::Reboot);
  else if (data == "safe mode")
    host.reset_requested(ResetRequest::SafeMode);
  else if (data == "dfu")
    host.reset_requested(ResetRequest::Dfu);
  else if (data == "network" && host.generation().network_reset)
    host.reset_requested(ResetRequest::Network);
}

}  // namespace

void handle_system_event(CloudHost& host, const std::string& name, const std::string* data) {
  if (starts_with(name, "spark/device/claim/")) {
    host.claim_confirmed();
  } else if (starts_with(name, "spark/device/key/restore")) {
    if (host.generation().network_reset) host.server_key_restore_requested();
  } else if (!data) {
    return;  // a choice: Device OS works on a null pointer here
  } else if (name == "spark/device/reset") {
    request_reset(host, *data);
  } else if (!host.generation().update_flags) {
    return;
  } else if (name == "particle/device/updates/forced") {
    host.set_updates_forced(sets_flag(*data));
  } else if (name == "particle/device/updates/pending") {
    host.set_updates_pending(sets_flag(*data));
  }
}

}  // namespace vphoton::cloud
