// Over-the-air update as the device receives it: slow (every chunk answered) and fast (missing chunks asked for at the
// end; the legacy engine asks again every 3 s and ends the update itself).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "faces/cloud/cloud_host.h"
#include "faces/cloud/coap.h"

namespace vphoton::cloud {

class OtaUpdate {
 public:
  using Send = std::function<void(const std::string& plain)>;
  using NextId = std::function<uint16_t()>;

  static constexpr uint64_t kStallMs = 30000;
  static constexpr size_t kMaxMissedIndices = 40;
  static constexpr size_t kLegacyMaxMissedIndices = 50;
  static constexpr uint64_t kLegacyAskAgainMs = 3000;

  // What has become of the update with the message just handled.
  enum class Outcome { Open, Accepted, Rejected };

  OtaUpdate(CloudHost& host, Send send, NextId next_id);

  // True when an update runs afterwards; a second begin starts over.
  bool begin(const CoapMessage& request, Token token, uint64_t now_ms);
  Outcome chunk(const CoapMessage& request, Token token, uint64_t now_ms);
  Outcome done(const CoapMessage& request, Token token, uint64_t now_ms);
  // Asks again for missing chunks. Nothing came for 30 s: tells the host, once.
  void expire(uint64_t now_ms);

  // From begin until the device resets or the image is rejected.
  bool running() const { return state_ != State::Idle; }
  // When the device gives up.
  std::optional<uint64_t> deadline() const;
  // When expire() has something to do.
  std::optional<uint64_t> next_ms() const;
  // The result as 0.7 and later send it, and 0.6 publishes it.
  std::string result_text(bool good) const;

 private:
  enum class State { Idle, Receiving, Accepted };

  bool store(uint32_t index, std::string_view data, uint32_t expected_crc);
  std::vector<uint16_t> missing_chunks() const;
  void ask_for_missing(uint64_t now_ms);
  bool validate();

  CloudHost& host_;
  const Generation& generation_;
  Send send_;
  NextId next_id_;
  State state_ = State::Idle;
  bool fast_ = false;
  uint32_t chunk_size_ = 0;
  uint32_t file_length_ = 0;
  uint32_t slow_index_ = 0;
  uint32_t flight_ = 0;  // good chunks since the last UpdateDone
  std::vector<bool> received_;
  uint64_t last_chunk_ms_ = 0;
  std::optional<uint64_t> ask_again_ms_;  // legacy engine, while chunks are missing
  int result_ = 0;
};

}  // namespace vphoton::cloud
