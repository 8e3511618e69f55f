#include "faces/cloud/describe.h"

#include "faces/cloud/messages.h"

namespace vphoton::cloud {

std::string describe_json(uint8_t flags, const AppSurface& surface, const std::string& system_members,
                          bool system_first) {
  std::string json = "{";
  if (system_first && (flags & kDescribeSystem)) json += system_members;
  if (flags & kDescribeApplication) {
    if (json.size() > 1) json += ',';
    json += "\"f\":[";
    for (const auto& function : surface.functions) {
      if (json.back() != '[') json += ',';
      json += '"' + function.name + '"';
    }
    json += "],\"v\":{";
    for (const auto& variable : surface.variables) {
      if (json.back() != '{') json += ',';
      json += '"' + variable.name + "\":" + std::to_string(static_cast<int>(variable.type));
    }
    json += '}';
  }
  if (!system_first && (flags & kDescribeSystem)) {
    if (json.size() > 1) json += ',';
    json += system_members;
  }
  return json += '}';
}

std::string describe_metrics(const std::vector<Vital>& vitals) {
  std::string metrics("\x00\x04\x00\x02\x00\x04\x00", 7);
  for (const Vital& vital : vitals) {
    for (const int shift : {0, 8}) metrics += static_cast<char>(static_cast<uint16_t>(vital.id) >> shift);
    for (const int shift : {0, 8, 16, 24}) metrics += static_cast<char>(static_cast<uint32_t>(vital.value) >> shift);
  }
  return metrics;
}

}  // namespace vphoton::cloud
