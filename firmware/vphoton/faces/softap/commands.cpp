#include "faces/softap/commands.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/hex.h"
#include "faces/softap/flat_json.h"
#include "faces/softap/password.h"
#include "system/services/dialect.h"

namespace vphoton {
namespace {

constexpr const char* kCommands[] = {"version",    "device-id",  "scan-ap", "configure-ap",
                                     "connect-ap", "public-key", "set"};
constexpr size_t kLongestKey = 2;
constexpr size_t kLongestValue = 63;
constexpr int kUnknownSetting = -1;

struct Field {
  const char* name;
  bool is_text;
};

// Device OS 0.6.3 and 2.3.1, configure-ap and set.
constexpr Field kOldConfigureFields[] = {{"idx", false}, {"ssid", true}, {"pwd", true}, {"ch", false}, {"sec", false}};
constexpr Field kConfigureFields[] = {
    {"idx", false}, {"ssid", true}, {"pwd", true}, {"ch", false}, {"sec", false}, {"eap", false},
    {"oi", true},   {"ii", true},   {"crt", true}, {"ek", true},  {"key", true},  {"ca", true},
};
constexpr Field kSetFields[] = {{"k", true}, {"v", true}};

// An unknown name or a value of the wrong kind spoils the whole.
template <size_t N>
bool parse(const std::string& body, const Field (&fields)[N], std::vector<FlatMember>& members) {
  auto parsed = parse_flat_object(body);
  if (!parsed) return false;
  for (const auto& member : *parsed) {
    auto field =
        std::find_if(std::begin(fields), std::end(fields), [&](const Field& each) { return member.name == each.name; });
    if (field == std::end(fields) || field->is_text != member.is_text) return false;
  }
  members = std::move(*parsed);
  return true;
}

std::string value_of(const std::vector<FlatMember>& members, const char* name) {
  std::string value;
  for (const auto& member : members)
    if (member.name == name) value = member.value;
  return value;
}

long number_of(const std::vector<FlatMember>& members, const char* name) {
  return strtol(value_of(members, name).c_str(), nullptr, 10);
}

std::vector<std::string> number(const char* name, int value) {
  return {"{", std::string("\"") + name + "\"", ":", std::to_string(value), "}"};
}

}  // namespace

bool SoftApCommands::known(const std::string& name) {
  return std::find(std::begin(kCommands), std::end(kCommands), name) != std::end(kCommands);
}

std::vector<std::string> SoftApCommands::run(const std::string& name, const std::string& body) {
  if (name == "version") return number("v", 2);
  if (name == "connect-ap") return number("r", 0);
  if (name == "scan-ap") return scan();
  if (name == "configure-ap") return configure(body);
  if (name == "set") return set(body);
  if (name == "device-id") {
    std::string id = to_upper_hex(from_hex(host_.device_id()).value_or(""));
    return {"{", "\"id\"", ":", "\"" + id + "\"", ",", "\"c\"", ":", host_.claimed() ? "\"1\"" : "\"0\"", "}"};
  }
  if (name == "public-key")
    return {"{", "\"b\"", ":", "\"" + to_upper_hex(host_.public_key_field()) + "\"", ",", "\"r\"", ":", "0", "}"};
  return {};
}

std::vector<std::string> SoftApCommands::scan() {
  // Device OS 2.3.1: the SSID is not escaped.
  static constexpr int kMaxDataRate = 65000;
  Pieces pieces{"{", "\"scans\"", ":", "["};
  bool first = true;
  for (const auto& point : host_.scan()) {
    if (point.ssid.empty()) continue;
    if (!first) pieces.push_back(",");
    first = false;
    pieces.push_back("{\"ssid\":\"" + point.ssid + "\"");
    pieces.push_back(",\"rssi\":" + std::to_string(point.rssi));
    pieces.push_back(",\"sec\":" + std::to_string(static_cast<int32_t>(point.security)));
    pieces.push_back(",\"ch\":" + std::to_string(point.channel));
    pieces.push_back(",\"mdr\":" + std::to_string(kMaxDataRate));
    pieces.push_back("}");
  }
  pieces.push_back("]");
  pieces.push_back("}");
  return pieces;
}

std::vector<std::string> SoftApCommands::configure(const std::string& body) {
  std::vector<FlatMember> members;
  bool enterprise_known = ConsoleDialect::of(host_.system_version()).enterprise;
  if (!(enterprise_known ? parse(body, kConfigureFields, members) : parse(body, kOldConfigureFields, members)))
    return {};
  std::string password;
  EapConfig enterprise;
  int result = decode_password(value_of(members, "pwd"), host_.private_key_field(), &password);
  if (result == 0) {
    enterprise.type = static_cast<uint8_t>(number_of(members, "eap"));
    enterprise.inner_identity = value_of(members, "ii");
    enterprise.outer_identity = value_of(members, "oi");
    enterprise.password = password;
    enterprise.client_certificate = json_unescaped(value_of(members, "crt"));
    enterprise.root_certificate = json_unescaped(value_of(members, "ca"));
    if (!value_of(members, "key").empty())
      result = decode_private_key(value_of(members, "ek"), value_of(members, "key"), host_.private_key_field(),
                                  &enterprise.private_key);
  }
  if (result == 0) {
    auto security = static_cast<uint32_t>(number_of(members, "sec"));
    // From 0.7.0 the cipher is dropped, and Device OS looks for the network itself; before, all is stored as given.
    if (enterprise_known && security != wiced::kUnknown && security & (wiced::kWpa | wiced::kWpa2))
      security &= ~(wiced::kTkip | wiced::kAes);
    result = host_.store_network(value_of(members, "ssid"), password, security, enterprise);
  }
  return number("r", result);
}

bool SoftApCommands::run_silent(const std::string& name) {
  if (name != "ant-internal" && name != "ant-external") return false;
  host_.select_antenna(name == "ant-external");
  return true;
}

std::vector<std::string> SoftApCommands::set(const std::string& body) {
  std::vector<FlatMember> members;
  if (!parse(body, kSetFields, members)) return {};
  std::string key = value_of(members, "k").substr(0, kLongestKey);
  std::string value = value_of(members, "v").substr(0, kLongestValue);
  if (key != "cc" || value.empty()) return number("r", kUnknownSetting);
  return number("r", host_.store_claim_code(value) ? 0 : kUnknownSetting);
}

}  // namespace vphoton
