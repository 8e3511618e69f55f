// Every message a Photon sends, as plaintext bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "faces/cloud/cloud_link.h"
#include "faces/cloud/coap.h"
#include "system/services/app_surface.h"

namespace vphoton::cloud {

// Hello flags: diagnostics 0x02, immediate updates 0x04, goodbye 0x10, device-initiated describe 0x20.
constexpr uint8_t kHelloUpdateSucceeded = 0x01;

constexpr uint8_t kDescribeSystem = 1;
constexpr uint8_t kDescribeApplication = 2;
constexpr uint8_t kDescribeMetrics = 4;
constexpr uint8_t kDescribeAll = 7;

constexpr uint32_t kDefaultTtl = 60;
constexpr uint32_t kMaxTtl = 0xFFFFFF;

std::string hello(uint16_t id, uint16_t product, uint16_t version, uint8_t flags, uint16_t platform);
// What Device OS 3.x appends to Hello.
std::string hello_details(uint16_t module_version, uint16_t max_message);
std::string ping(uint16_t id);
std::string time_request(uint16_t id, uint8_t token);
std::string describe_post(uint16_t id, uint8_t flags, std::string_view json, Token token = std::nullopt);
std::string describe_answer(uint16_t id, Token token, std::string_view body);
std::string event(uint16_t id, const PublishRequest& request, bool marks_empty_data = true);
std::string goodbye(uint16_t id, const Goodbye& why);
// `device_id` is written only for Scope::OneDevice.
std::string subscription(uint16_t id, std::string_view prefix, Scope scope, std::string_view device_id);
std::string empty_ack(uint16_t id);
std::string coded_ack(uint16_t id, uint8_t code, Token token);
// The content of a request as its acknowledgement.
std::string piggybacked(uint16_t id, Token token, std::string_view content);
// Strings are cut at `max_string` bytes.
std::string value_bytes(const VariableValue& value, size_t max_string);
std::string variable_value(uint16_t id, Token token, std::string_view value);
std::string variable_not_found(uint16_t id, Token token);
std::string function_result(uint16_t id, Token token, int32_t result);
std::string update_ready(uint16_t id, Token token, bool fast);
std::string chunk_received(uint16_t id, Token token, bool good);
std::string chunks_missed(uint16_t id, CoapType type, const std::vector<uint16_t>& indices);
// Without `result` there is no payload.
std::string update_done_ack(uint16_t id, Token token, const std::optional<std::string>& result);
std::string update_done(uint16_t id);

}  // namespace vphoton::cloud
