#include "faces/cloud/ota_update.h"

#include <algorithm>

#include "base/crc32.h"
#include "faces/cloud/messages.h"

namespace vphoton::cloud {
namespace {

constexpr size_t kFullBeginSize = 20;  // with token; anything shorter means the defaults
constexpr uint32_t kDefaultChunkSize = 512;
constexpr uint32_t kDefaultFileLength = 262144;
constexpr uint32_t kMaxChunks = 65536;  // a choice: indices have 16 bits
constexpr uint8_t kFastFlag = 0x01;
constexpr uint8_t kStoreFirmware = 0;

}  // namespace

OtaUpdate::OtaUpdate(CloudHost& host, Send send, NextId next_id)
    : host_(host), generation_(host.generation()), send_(std::move(send)), next_id_(std::move(next_id)) {}

bool OtaUpdate::begin(const CoapMessage& request, Token token, uint64_t now_ms) {
  uint8_t flags = 0;
  uint8_t destination = kStoreFirmware;
  chunk_size_ = 0;
  file_length_ = 0;
  const std::string_view payload = request.payload();
  if (request.bytes().size() >= kFullBeginSize && payload.size() >= 12) {
    flags = static_cast<uint8_t>(payload[0]);
    chunk_size_ = read_u16(payload, 1);
    file_length_ = read_u32(payload, 3);
    destination = static_cast<uint8_t>(payload[7]);
  }
  if (chunk_size_ == 0) {
    chunk_size_ = kDefaultChunkSize;
    file_length_ = kDefaultFileLength;
  }
  const uint32_t chunks = file_length_ / chunk_size_ + (file_length_ % chunk_size_ ? 1 : 0);
  const bool allowed = host_.updates_enabled() || host_.updates_forced();
  // A choice: only the firmware store exists; system and application stores are refused.
  if (!allowed || destination != kStoreFirmware || chunks == 0 || chunks > kMaxChunks ||
      host_.ota_begin(file_length_) != 0) {
    state_ = State::Idle;
    send_(generation_.legacy() ? coded_ack(request.id(), kBadRequest, std::nullopt)
                               : coded_ack(request.id(), kServiceUnavailable, token));
    return false;
  }
  state_ = State::Receiving;
  fast_ = flags & kFastFlag;
  slow_index_ = 0;
  flight_ = 0;
  received_.assign(fast_ ? chunks : 0, false);
  last_chunk_ms_ = now_ms;
  ask_again_ms_.reset();
  send_(empty_ack(request.id()));
  send_(update_ready(next_id_(), token, fast_));
  return true;
}

OtaUpdate::Outcome OtaUpdate::chunk(const CoapMessage& request, Token token, uint64_t now_ms) {
  if (state_ != State::Receiving) {
    if (generation_.answers_fast_chunks) send_(empty_ack(request.id()));
    return Outcome::Open;
  }
  last_chunk_ms_ = now_ms;
  const CoapOption* crc = request.option(kUriQuery, 0);
  const CoapOption* index = request.option(kUriQuery, 1);
  const bool readable = crc && crc->value.size() == 4 && (!index || index->value.size() == 2);
  const uint32_t expected_crc = readable ? read_u32(crc->value, 0) : 0;

  if (fast_ && readable && index) {
    const uint16_t number = read_u16(index->value, 0);
    if (generation_.answers_fast_chunks) send_(empty_ack(request.id()));
    if (number >= received_.size()) return Outcome::Open;
    if (!received_[number]) {
      if (!store(number, request.payload(), expected_crc)) return Outcome::Open;
      received_[number] = true;
      ++flight_;
    }
    if (ask_again_ms_ && missing_chunks().empty()) {
      ask_again_ms_.reset();
      send_(update_done(next_id_()));
      return validate() ? Outcome::Accepted : Outcome::Rejected;
    }
    if (generation_.answers_fast_chunks) send_(chunk_received(next_id_(), token, true));
    return Outcome::Open;
  }
  const bool good = readable && !fast_ && store(slow_index_, request.payload(), expected_crc);
  if (good) ++slow_index_;
  send_(empty_ack(request.id()));
  send_(chunk_received(next_id_(), token, good));
  return Outcome::Open;
}

bool OtaUpdate::store(uint32_t index, std::string_view data, uint32_t expected_crc) {
  const uint64_t offset = static_cast<uint64_t>(index) * chunk_size_;
  if (data.empty() || data.size() > chunk_size_ || offset + data.size() > file_length_ ||
      crc32(data.data(), data.size()) != expected_crc)
    return false;
  return host_.ota_write(static_cast<uint32_t>(offset), reinterpret_cast<const uint8_t*>(data.data()), data.size()) ==
         0;
}

OtaUpdate::Outcome OtaUpdate::done(const CoapMessage& request, Token token, uint64_t now_ms) {
  if (state_ != State::Receiving) {
    send_(coded_ack(request.id(), kChanged, token));
    return Outcome::Open;
  }
  if (!missing_chunks().empty()) {
    send_(coded_ack(request.id(), kBadRequest, token));
    ask_for_missing(now_ms);
    flight_ = 0;
    return Outcome::Open;
  }
  ask_again_ms_.reset();
  const bool good = validate();
  std::optional<std::string> text;
  if (generation_.update_result != UpdateResult::Event) text = result_text(good);
  send_(update_done_ack(request.id(), token, text));
  return good ? Outcome::Accepted : Outcome::Rejected;
}

bool OtaUpdate::validate() {
  result_ = host_.ota_validate();
  state_ = result_ == 0 ? State::Accepted : State::Idle;
  return result_ == 0;
}

// A choice: no details ("u") of the module.
std::string OtaUpdate::result_text(bool good) const {
  if (generation_.update_result == UpdateResult::Number) return "{\"r\":" + std::to_string(result_) + "}";
  return good ? "{\"r\":\"ok\",\"u\":{}}" : "{\"r\":\"error\",\"u\":{}}";
}

void OtaUpdate::ask_for_missing(uint64_t now_ms) {
  const CoapType type = generation_.chunks_missed_confirmable ? CoapType::Con : CoapType::Non;
  send_(chunks_missed(next_id_(), type, missing_chunks()));
  if (generation_.legacy()) ask_again_ms_ = now_ms + kLegacyAskAgainMs;
}

// Unified engine: as many as the last flight brought plus a fifth (at least 2), but never more than 40.
std::vector<uint16_t> OtaUpdate::missing_chunks() const {
  const size_t limit = generation_.legacy()
                           ? kLegacyMaxMissedIndices
                           : std::min<size_t>(flight_ + std::max<uint32_t>(flight_ / 5, 2), kMaxMissedIndices);
  std::vector<uint16_t> missing;
  for (size_t i = 0; i < received_.size() && missing.size() < limit; ++i)
    if (!received_[i]) missing.push_back(static_cast<uint16_t>(i));
  return missing;
}

void OtaUpdate::expire(uint64_t now_ms) {
  if (state_ != State::Receiving) return;
  if (now_ms >= last_chunk_ms_ + kStallMs) {
    state_ = State::Idle;
    host_.ota_abort();
  } else if (ask_again_ms_ && now_ms >= *ask_again_ms_) {
    ask_for_missing(now_ms);
  }
}

std::optional<uint64_t> OtaUpdate::deadline() const {
  if (state_ != State::Receiving) return std::nullopt;
  return last_chunk_ms_ + kStallMs;
}

std::optional<uint64_t> OtaUpdate::next_ms() const {
  if (state_ != State::Receiving || !ask_again_ms_) return deadline();
  return std::min(*deadline(), *ask_again_ms_);
}

}  // namespace vphoton::cloud
