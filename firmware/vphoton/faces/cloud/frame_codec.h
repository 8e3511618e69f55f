// Frames of the cloud session: u16 big-endian length, then AES-128-CBC ciphertext of one padded message.
// The next initialization vector of a direction is the first 16 bytes of the ciphertext just passed, not the last.
#pragma once

#include <string>

#include "base/crypto.h"

namespace vphoton::cloud {

// Device OS 0.8 ... 2.3.1, light SSL channel: 800-byte buffer = 2 + 782 + 16.
constexpr size_t kMaxReceivedCiphertext = 768;
constexpr size_t kMaxSentPlaintext = 782;

class FrameEncoder {
 public:
  FrameEncoder(const AesBlock& key, const AesBlock& iv);
  // `plain` becomes one whole frame, to be written at once.
  std::string encode(const std::string& plain);

 private:
  AesCbc cipher_;
  AesBlock iv_;
};

// Accepts the stream in any split. Device OS itself loses a length byte that arrives alone; this decoder does not.
class FrameDecoder {
 public:
  enum class Status { Message, NeedMore, Broken };

  FrameDecoder(const AesBlock& key, const AesBlock& iv, size_t max_ciphertext = kMaxReceivedCiphertext);
  void feed(const char* data, size_t size);
  // Message: `plain` holds the next one. Broken is final: empty or over-long frame, odd length, or bad padding.
  Status next(std::string& plain);

 private:
  AesCbc cipher_;
  AesBlock iv_;
  size_t max_ciphertext_;
  std::string buffer_;
  bool broken_ = false;
};

}  // namespace vphoton::cloud
