// Over-the-air update as Device OS 2.x receives it: slow (every chunk answered) and fast (missing chunks asked for at
// the end).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "cloud/cloud_host.h"
#include "cloud/coap.h"

namespace vphoton::cloud {

class OtaUpdate {
 public:
  using Send = std::function<void(const std::string& plain)>;
  using NextId = std::function<uint16_t()>;

  static constexpr uint64_t kStallMs = 30000;
  static constexpr size_t kMaxMissedIndices = 40;

  OtaUpdate(CloudHost& host, Send send, NextId next_id);

  // True when an update runs afterwards; a second begin starts over.
  bool begin(const CoapMessage& request, uint64_t now_ms);
  void chunk(const CoapMessage& request, uint64_t now_ms);
  // True when the image was accepted and is to be applied.
  bool done(const CoapMessage& request);
  // Nothing came for 30 s: tells the host, once.
  void expire(uint64_t now_ms);

  // From begin until the device resets or the image is rejected.
  bool running() const { return state_ != State::Idle; }
  std::optional<uint64_t> deadline() const;

 private:
  enum class State { Idle, Receiving, Accepted };

  bool store(uint32_t index, std::string_view data, uint32_t expected_crc);
  std::vector<uint16_t> missing_chunks() const;

  CloudHost& host_;
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
};

}  // namespace vphoton::cloud
