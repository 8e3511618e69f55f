#include "board/access_point.h"

namespace vphoton {
namespace {

constexpr struct {
  const char* name;
  uint32_t number;
} kSecurities[] = {
    {"open", wiced::kOpen},
    {"wep", wiced::kWepPsk},
    {"wpa_tkip", wiced::kWpa | wiced::kTkip},
    {"wpa_aes", wiced::kWpa | wiced::kAes},
    {"wpa_mixed", wiced::kWpa | wiced::kTkip | wiced::kAes},
    {"wpa2_tkip", wiced::kWpa2 | wiced::kTkip},
    {"wpa2_aes", wiced::kWpa2 | wiced::kAes},
    {"wpa2_mixed", wiced::kWpa2 | wiced::kTkip | wiced::kAes},
    {"wpa_enterprise_aes", wiced::kWpa | wiced::kAes | wiced::kEnterprise},
    {"wpa2_enterprise_aes", wiced::kWpa2 | wiced::kAes | wiced::kEnterprise},
};

bool parse_security(const JsonValue& value, uint32_t& security) {
  if (value.type == JsonValue::Type::Number) {
    security = static_cast<uint32_t>(static_cast<int64_t>(value.number));
    return true;
  }
  if (value.type != JsonValue::Type::String) return false;
  for (const auto& known : kSecurities) {
    if (value.text != known.name) continue;
    security = known.number;
    return true;
  }
  return false;
}

bool parse_access_point(const JsonValue& entry, AccessPoint& point, std::string* reason) {
  auto ssid = entry.string_at("ssid");
  if (!ssid || ssid->size() > 32) {
    *reason = "a network needs \"ssid\", a text of at most 32 bytes";
    return false;
  }
  point.ssid = *ssid;
  point.password = entry.string_at("password").value_or("");
  point.identity = entry.string_at("identity").value_or("");
  point.client_ca = entry.string_at("client_ca").value_or("");
  if (point.password.empty()) point.security = wiced::kOpen;
  if (const JsonValue* security = entry.find("security"); security && !parse_security(*security, point.security)) {
    *reason = "network \"" + point.ssid + "\": \"security\" is no WICED number and no name such as wpa2_aes";
    return false;
  }
  point.channel = entry.int_at("channel").value_or(point.channel);
  point.rssi = entry.int_at("rssi").value_or(point.rssi);
  point.hidden = entry.bool_at("hidden").value_or(false);
  return true;
}

}  // namespace

std::vector<AccessPoint> default_air() {
  AccessPoint point;
  point.ssid = "photonrig";
  point.password = "photonrig-lab";
  return {point};
}

std::optional<std::vector<AccessPoint>> parse_air(const JsonValue& list, std::string* reason) {
  if (list.type != JsonValue::Type::Array) {
    *reason = "the networks in the air must be a JSON list";
    return std::nullopt;
  }
  std::vector<AccessPoint> air;
  for (const auto& entry : list.items) {
    AccessPoint point;
    if (!parse_access_point(entry, point, reason)) return std::nullopt;
    air.push_back(point);
  }
  return air;
}

std::string air_json(const std::vector<AccessPoint>& air) {
  std::string list;
  for (const auto& point : air) {
    if (!list.empty()) list += ",";
    list += JsonObject()
                .add("ssid", point.ssid)
                .add("password", point.password)
                .add("identity", point.identity)
                .add("client_ca", point.client_ca)
                .add("security", static_cast<long long>(point.security))
                .add("channel", point.channel)
                .add("rssi", point.rssi)
                .add("hidden", point.hidden)
                .str();
  }
  return "[" + list + "]";
}

}  // namespace vphoton
