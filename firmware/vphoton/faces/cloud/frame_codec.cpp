#include "faces/cloud/frame_codec.h"

#include <algorithm>

namespace vphoton::cloud {
namespace {

constexpr size_t kBlock = 16;
constexpr size_t kHeader = 2;

bool strip_padding(std::string& plain) {
  const size_t count = static_cast<uint8_t>(plain.back());
  if (count == 0 || count > kBlock) return false;
  for (size_t i = plain.size() - count; i < plain.size(); ++i)
    if (static_cast<uint8_t>(plain[i]) != count) return false;
  plain.resize(plain.size() - count);
  return true;
}

}  // namespace

FrameEncoder::FrameEncoder(const AesBlock& key, const AesBlock& iv)
    : cipher_(AesCbc::Direction::Encrypt, key), iv_(iv) {}

std::string FrameEncoder::encode(const std::string& plain) {
  const size_t count = kBlock - plain.size() % kBlock;
  const std::string cipher = cipher_.run(iv_, plain + std::string(count, static_cast<char>(count)));
  std::copy_n(cipher.begin(), kBlock, iv_.begin());
  std::string frame;
  frame.reserve(kHeader + cipher.size());
  frame += static_cast<char>(cipher.size() >> 8);
  frame += static_cast<char>(cipher.size());
  return frame += cipher;
}

FrameDecoder::FrameDecoder(const AesBlock& key, const AesBlock& iv, size_t max_ciphertext)
    : cipher_(AesCbc::Direction::Decrypt, key), iv_(iv), max_ciphertext_(max_ciphertext) {}

void FrameDecoder::feed(const char* data, size_t size) { buffer_.append(data, size); }

FrameDecoder::Status FrameDecoder::next(std::string& plain) {
  if (broken_) return Status::Broken;
  if (buffer_.size() < kHeader) return Status::NeedMore;
  const size_t length = static_cast<uint8_t>(buffer_[0]) << 8 | static_cast<uint8_t>(buffer_[1]);
  if (length == 0 || length > max_ciphertext_ || length % kBlock != 0) {
    broken_ = true;
    return Status::Broken;
  }
  if (buffer_.size() < kHeader + length) return Status::NeedMore;
  const std::string cipher = buffer_.substr(kHeader, length);
  buffer_.erase(0, kHeader + length);
  plain = cipher_.run(iv_, cipher);
  std::copy_n(cipher.begin(), kBlock, iv_.begin());
  if (strip_padding(plain)) return Status::Message;
  broken_ = true;
  return Status::Broken;
}

}  // namespace vphoton::cloud
