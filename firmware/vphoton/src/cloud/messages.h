// Every message a Photon with Device OS 2.3.1 sends, as plaintext bytes (unified engine).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cloud/cloud_link.h"
#include "cloud/coap.h"
#include "core/app_surface.h"

namespace vphoton::cloud {

// Hello flags: diagnostics 0x02, immediate updates 0x04, goodbye 0x10, device-initiated describe 0x20.
constexpr uint8_t kHelloFlags = 0x36;
constexpr uint8_t kHelloUpdateSucceeded = 0x01;

constexpr uint8_t kDescribeSystem = 1;
constexpr uint8_t kDescribeApplication = 2;
constexpr uint8_t kDescribeMetrics = 4;

constexpr uint32_t kDefaultTtl = 60;
constexpr uint32_t kMaxTtl = 0xFFFFFF;
constexpr size_t kMaxVariableString = 776;  // longer ones are cut so that the message fits the 782-byte buffer

std::string hello(uint16_t id, uint16_t product, uint16_t version, uint8_t flags, uint16_t platform);
std::string ping(uint16_t id);
std::string time_request(uint16_t id, uint8_t token);
std::string describe_post(uint16_t id, uint8_t flags, std::string_view json);
std::string describe_answer(uint16_t id, Token token, std::string_view body);
std::string event(uint16_t id, const PublishRequest& request);
// `device_id` is written only for Scope::OneDevice.
std::string subscription(uint16_t id, std::string_view prefix, Scope scope, std::string_view device_id);
std::string empty_ack(uint16_t id);
std::string coded_ack(uint16_t id, uint8_t code, Token token);
std::string variable_value(uint16_t id, Token token, const VariableValue& value);
std::string variable_not_found(uint16_t id, Token token);
std::string function_result(uint16_t id, Token token, int32_t result);
std::string update_ready(uint16_t id, Token token, bool fast);
std::string chunk_received(uint16_t id, Token token, bool good);
std::string chunks_missed(uint16_t id, const std::vector<uint16_t>& indices);
std::string update_done_ack(uint16_t id, Token token, int result);

}  // namespace vphoton::cloud
