#include "debug/packet.h"

#include <optional>

namespace vphoton::debug {
namespace {

constexpr char kEscape = '}';
constexpr char kEscapeMask = 0x20;
constexpr char kInterrupt = 0x03;
constexpr char kDigits[] = "0123456789abcdef";
// Escaped bytes take two.
constexpr size_t kLongest = 2 * kPacketSize;

uint8_t checksum(const std::string& text) {
  uint8_t sum = 0;
  for (const char byte : text) sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(byte));
  return sum;
}

std::optional<uint8_t> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

PacketReader::Item PacketReader::next(std::string& payload) {
  if (refused_) return Item::NotThisProtocol;
  if (unread_.empty()) return Item::Nothing;
  const char first = unread_.front();
  if (first == '$') return packet(payload);
  refused_ = first != '+' && first != '-' && first != kInterrupt;
  if (refused_) {
    unread_.clear();
    return Item::NotThisProtocol;
  }
  unread_.erase(0, 1);
  return first == '+' ? Item::Ack : first == '-' ? Item::Nack : Item::Interrupt;
}

PacketReader::Item PacketReader::packet(std::string& payload) {
  constexpr size_t kChecksumSize = 2;
  const size_t end = unread_.find('#', 1);
  if (end == std::string::npos ? unread_.size() > kLongest : end > kLongest) {
    refused_ = true;
    unread_.clear();
    return Item::NotThisProtocol;
  }
  if (end == std::string::npos || unread_.size() - end - 1 < kChecksumSize) return Item::Nothing;
  const std::string escaped = unread_.substr(1, end - 1);
  const auto high = digit(unread_[end + 1]), low = digit(unread_[end + 2]);
  unread_.erase(0, end + 1 + kChecksumSize);
  if (!high || !low || (*high << 4 | *low) != checksum(escaped)) return Item::BadChecksum;
  payload.clear();
  for (size_t i = 0; i < escaped.size(); ++i) {
    const bool is_escape = escaped[i] == kEscape && i + 1 < escaped.size();
    payload += is_escape ? static_cast<char>(escaped[++i] ^ kEscapeMask) : escaped[i];
  }
  return Item::Packet;
}

std::string packet(const std::string& payload) {
  std::string escaped;
  for (const char byte : payload) {
    const bool special = byte == '$' || byte == '#' || byte == kEscape || byte == '*';
    if (special) escaped += kEscape;
    escaped += special ? static_cast<char>(byte ^ kEscapeMask) : byte;
  }
  const uint8_t sum = checksum(escaped);
  return '$' + escaped + '#' + kDigits[sum >> 4] + kDigits[sum & 15];
}

}  // namespace vphoton::debug
