#include "faces/cloud/coap.h"

namespace vphoton::cloud {
namespace {

constexpr uint8_t kPayloadMarker = 0xFF;
constexpr size_t kHeaderSize = 4;

uint8_t at(std::string_view bytes, size_t index) { return static_cast<uint8_t>(bytes[index]); }

// Expands a 4-bit option delta or length whose extension, if any, stands at `*position`.
bool extended(std::string_view bytes, size_t* position, uint32_t* value) {
  if (*value == 13) {
    if (*position + 1 > bytes.size()) return false;
    *value = 13 + at(bytes, *position);
    *position += 1;
  } else if (*value == 14) {
    if (*position + 2 > bytes.size()) return false;
    *value = 269 + read_u16(bytes, *position);
    *position += 2;
  }
  return *value != 15;
}

uint8_t option_nibble(size_t value) { return value < 13 ? static_cast<uint8_t>(value) : value < 269 ? 13 : 14; }

void append_extension(std::string& bytes, size_t value) {
  if (value >= 269)
    append_u16(bytes, static_cast<uint16_t>(value - 269));
  else if (value >= 13)
    bytes += static_cast<char>(value - 13);
}

}  // namespace

std::optional<CoapMessage> CoapMessage::parse(std::string_view bytes) {
  if (bytes.size() < kHeaderSize) return std::nullopt;
  CoapMessage message;
  message.bytes_ = bytes;
  message.type_ = static_cast<CoapType>(at(bytes, 0) & 0xF0);
  message.code_ = at(bytes, 1);
  message.id_ = read_u16(bytes, 2);
  message.token_length_ = at(bytes, 0) & 0x0F;
  if (message.token_length_ > 8 || bytes.size() < kHeaderSize + message.token_length_) return std::nullopt;
  if (message.token_length_ == 1) message.token_ = at(bytes, kHeaderSize);
  message.parse_options(kHeaderSize + message.token_length_);
  return message;
}

void CoapMessage::parse_options(size_t position) {
  uint32_t number = 0;
  while (position < bytes_.size()) {
    const uint8_t head = at(bytes_, position++);
    if (head == kPayloadMarker) {
      has_payload_ = true;
      payload_ = bytes_.substr(position);
      return;
    }
    uint32_t delta = head >> 4;
    uint32_t length = head & 0x0F;
    if (delta == 15 || length == 15 || !extended(bytes_, &position, &delta) || !extended(bytes_, &position, &length) ||
        position + length > bytes_.size() || number + delta > 0xFFFF)
      return;
    number += delta;
    options_.push_back({static_cast<uint16_t>(number), bytes_.substr(position, length)});
    position += length;
  }
}

char CoapMessage::path() const {
  const size_t position = kHeaderSize + token_length_ + 1;
  return position < bytes_.size() ? bytes_[position] : '\0';
}

const CoapOption* CoapMessage::option(CoapOptionNumber number, size_t index) const {
  for (const auto& option : options_)
    if (option.number == number && index-- == 0) return &option;
  return nullptr;
}

CoapWriter::CoapWriter(CoapType type, uint8_t code, uint16_t id, Token token) {
  bytes_ += static_cast<char>(static_cast<uint8_t>(type) | (token ? 1 : 0));
  bytes_ += static_cast<char>(code);
  append_u16(bytes_, id);
  if (token) bytes_ += static_cast<char>(*token);
}

CoapWriter& CoapWriter::option(CoapOptionNumber number, std::string_view value) {
  const size_t delta = static_cast<size_t>(number - last_option_);
  last_option_ = number;
  bytes_ += static_cast<char>(option_nibble(delta) << 4 | option_nibble(value.size()));
  append_extension(bytes_, delta);
  append_extension(bytes_, value.size());
  bytes_ += value;
  return *this;
}

CoapWriter& CoapWriter::payload(std::string_view data) {
  bytes_ += static_cast<char>(kPayloadMarker);
  bytes_ += data;
  return *this;
}

void append_u16(std::string& bytes, uint16_t value) {
  bytes += static_cast<char>(value >> 8);
  bytes += static_cast<char>(value);
}

void append_u32(std::string& bytes, uint32_t value) {
  append_u16(bytes, static_cast<uint16_t>(value >> 16));
  append_u16(bytes, static_cast<uint16_t>(value));
}

uint16_t read_u16(std::string_view bytes, size_t position) {
  return static_cast<uint16_t>(at(bytes, position) << 8 | at(bytes, position + 1));
}

uint32_t read_u32(std::string_view bytes, size_t position) {
  return static_cast<uint32_t>(read_u16(bytes, position)) << 16 | read_u16(bytes, position + 2);
}

}  // namespace vphoton::cloud
