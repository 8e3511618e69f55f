#include "faces/cloud/messages.h"

#include <algorithm>
#include <cstring>

namespace vphoton::cloud {
namespace {

std::string_view one_byte(const char& byte) { return std::string_view(&byte, 1); }

}  // namespace

std::string value_bytes(const VariableValue& value, size_t max_string) {
  std::string bytes;
  if (const bool* flag = std::get_if<bool>(&value)) {
    bytes += static_cast<char>(*flag ? 1 : 0);
  } else if (const int32_t* number = std::get_if<int32_t>(&value)) {
    append_u32(bytes, static_cast<uint32_t>(*number));
  } else if (const double* real = std::get_if<double>(&value)) {
    uint64_t bits;
    static_assert(sizeof bits == sizeof *real);
    std::memcpy(&bits, real, sizeof bits);
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(bits >> shift);
  } else {
    bytes = std::get<std::string>(value).substr(0, max_string);
  }
  return bytes;
}

std::string hello(uint16_t id, uint16_t product, uint16_t version, uint8_t flags, uint16_t platform) {
  std::string payload;
  append_u16(payload, product);
  append_u16(payload, version);
  payload += '\0';
  payload += static_cast<char>(flags);
  append_u16(payload, platform);
  return CoapWriter(CoapType::Non, kPost, id).option(kUriPath, "h").payload(payload).take();
}

std::string hello_details(uint16_t module_version, uint16_t max_message) {
  constexpr uint32_t kMaxBinary = 262144;
  constexpr uint16_t kChunkSize = 512;
  std::string details(2, '\0');  // a reserved byte, and the length of a device id that TCP does not need
  append_u16(details, module_version);
  append_u16(details, max_message);
  append_u32(details, kMaxBinary);
  append_u16(details, kChunkSize);
  return details;
}

std::string ping(uint16_t id) { return CoapWriter(CoapType::Con, kEmpty, id).take(); }

std::string time_request(uint16_t id, uint8_t token) {
  return CoapWriter(CoapType::Con, kGet, id, token).option(kUriPath, "t").take();
}

std::string describe_post(uint16_t id, uint8_t flags, std::string_view json, Token token) {
  const char query = static_cast<char>(flags);
  return CoapWriter(CoapType::Con, kPost, id, token)
      .option(kUriPath, "d")
      .option(kUriQuery, one_byte(query))
      .payload(json)
      .take();
}

std::string describe_answer(uint16_t id, Token token, std::string_view body) {
  return CoapWriter(CoapType::Con, kContent, id, token).payload(body).take();
}

std::string event(uint16_t id, const PublishRequest& request, bool marks_empty_data) {
  CoapWriter writer(request.with_ack ? CoapType::Con : CoapType::Non, kPost, id);
  writer.option(kUriPath, request.is_private ? "E" : "e").option(kUriPath, request.name);
  if (request.ttl != kDefaultTtl) {
    std::string ttl;
    append_u32(ttl, std::min(request.ttl, kMaxTtl));
    writer.option(kMaxAge, std::string_view(ttl).substr(1));
  }
  if (request.has_data && (marks_empty_data || !request.data.empty())) writer.payload(request.data);
  return writer.take();
}

std::string goodbye(uint16_t id, const Goodbye& why) {
  std::string payload;
  for (uint32_t number : {why.cloud_reason, why.network_reason, why.reset_reason, why.sleep_seconds}) {
    for (; number > 0x7F; number >>= 7) payload += static_cast<char>(number | 0x80);
    payload += static_cast<char>(number);
  }
  return CoapWriter(CoapType::Non, kPost, id).option(kUriPath, "x").option(kNoResponse, "").payload(payload).take();
}

std::string subscription(uint16_t id, std::string_view prefix, Scope scope, std::string_view device_id) {
  CoapWriter writer(CoapType::Con, kGet, id);
  writer.option(kUriPath, "e").option(kUriPath, prefix);
  if (scope == Scope::MyDevices) writer.option(kUriQuery, "u");
  if (scope == Scope::OneDevice) writer.payload(device_id);
  return writer.take();
}

std::string empty_ack(uint16_t id) { return CoapWriter(CoapType::Ack, kEmpty, id).take(); }

std::string coded_ack(uint16_t id, uint8_t code, Token token) {
  return CoapWriter(CoapType::Ack, code, id, token).take();
}

std::string piggybacked(uint16_t id, Token token, std::string_view content) {
  return CoapWriter(CoapType::Ack, kContent, id, token).payload(content).take();
}

std::string variable_value(uint16_t id, Token token, std::string_view value) {
  return CoapWriter(CoapType::Non, kContent, id, token).payload(value).take();
}

std::string variable_not_found(uint16_t id, Token token) {
  return CoapWriter(CoapType::Non, kNotFound, id, token).take();
}

std::string function_result(uint16_t id, Token token, int32_t result) {
  std::string payload;
  append_u32(payload, static_cast<uint32_t>(result));
  return CoapWriter(CoapType::Non, kChanged, id, token).payload(payload).take();
}

std::string update_ready(uint16_t id, Token token, bool fast) {
  const char flag = fast ? 1 : 0;
  return CoapWriter(CoapType::Non, kChanged, id, token).payload(one_byte(flag)).take();
}

std::string chunk_received(uint16_t id, Token token, bool good) {
  return CoapWriter(CoapType::Non, good ? kChanged : kBadRequest, id, token).take();
}

std::string chunks_missed(uint16_t id, CoapType type, const std::vector<uint16_t>& indices) {
  std::string payload;
  for (uint16_t index : indices) append_u16(payload, index);
  return CoapWriter(type, kGet, id).option(kUriPath, "c").payload(payload).take();
}

std::string update_done_ack(uint16_t id, Token token, const std::optional<std::string>& result) {
  CoapWriter writer(CoapType::Ack, kChanged, id, token);
  if (result) writer.payload(*result);
  return writer.take();
}

std::string update_done(uint16_t id) { return CoapWriter(CoapType::Non, kPut, id).option(kUriPath, "u").take(); }

}  // namespace vphoton::cloud
