// The part of CoAP that Device OS speaks: header, token of 0 or 1 byte, options, payload.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vphoton::cloud {

enum class CoapType : uint8_t { Con = 0x40, Non = 0x50, Ack = 0x60, Rst = 0x70 };

enum CoapCode : uint8_t {
  kEmpty = 0x00,
  kGet = 0x01,
  kPost = 0x02,
  kPut = 0x03,
  kChanged = 0x44,             // 2.04
  kContent = 0x45,             // 2.05
  kBadRequest = 0x80,          // 4.00
  kBadOption = 0x82,           // 4.02
  kNotFound = 0x84,            // 4.04
  kServiceUnavailable = 0xA3,  // 5.03
};

enum CoapOptionNumber : uint16_t {
  kETag = 4,
  kUriPath = 11,
  kMaxAge = 14,
  kUriQuery = 15,
  kBlock2 = 23,
  kBlock1 = 27,
  kNoResponse = 258,
};

// Token of one byte, or none.
using Token = std::optional<uint8_t>;

struct CoapOption {
  uint16_t number;
  std::string_view value;
};

// A message read in place: `bytes` must outlive it.
class CoapMessage {
 public:
  // Empty when shorter than 4 bytes, of a token length above 8, or cut off within the token.
  static std::optional<CoapMessage> parse(std::string_view bytes);

  CoapType type() const { return type_; }
  uint8_t code() const { return code_; }
  uint16_t id() const { return id_; }
  // Other lengths than 1 count as no token, as in Device OS 1.5 and later.
  Token token() const { return token_; }
  std::string_view bytes() const { return bytes_; }
  // The byte Device OS looks at to tell messages apart: the first one of the first option's value.
  char path() const;
  // Options up to a malformed one.
  const std::vector<CoapOption>& options() const { return options_; }
  const CoapOption* option(CoapOptionNumber number, size_t index = 0) const;
  bool has_payload() const { return has_payload_; }
  std::string_view payload() const { return payload_; }

 private:
  void parse_options(size_t at);

  std::string_view bytes_;
  CoapType type_ = CoapType::Con;
  uint8_t code_ = 0;
  uint16_t id_ = 0;
  size_t token_length_ = 0;
  Token token_;
  std::vector<CoapOption> options_;
  bool has_payload_ = false;
  std::string_view payload_;
};

// Builds one message; options must be added in ascending order.
class CoapWriter {
 public:
  CoapWriter(CoapType type, uint8_t code, uint16_t id, Token token = std::nullopt);
  CoapWriter& option(CoapOptionNumber number, std::string_view value);
  // An empty payload leaves a bare 0xFF at the end, as Device OS up to 2.x writes it.
  CoapWriter& payload(std::string_view data);
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  uint16_t last_option_ = 0;
};

void append_u16(std::string& bytes, uint16_t value);
void append_u32(std::string& bytes, uint32_t value);
// Big-endian; `bytes` must be long enough.
uint16_t read_u16(std::string_view bytes, size_t at);
uint32_t read_u32(std::string_view bytes, size_t at);

}  // namespace vphoton::cloud
