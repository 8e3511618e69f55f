// One input of a fuzz target, taken apart from the front; what is missing at its end reads as nothing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace vphoton::fuzz {

class Input {
 public:
  Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}

  bool empty() const { return size_ == 0; }

  uint8_t byte() {
    if (empty()) return 0;
    --size_;
    return *data_++;
  }

  std::string bytes(size_t most) {
    const size_t count = std::min(most, size_);
    std::string result(reinterpret_cast<const char*>(data_), count);
    data_ += count;
    size_ -= count;
    return result;
  }

  // Length, 0 ... 65535 in two bytes, and that many bytes.
  std::string block() {
    const size_t high = byte();
    return bytes(high << 8 | byte());
  }

  std::string rest() { return bytes(size_); }

 private:
  const uint8_t* data_;
  size_t size_;
};

// The text in pieces of the given length, as a stream may deliver it; 0: in one.
inline std::vector<std::string> pieces(const std::string& text, size_t length) {
  if (length == 0) return {text};
  std::vector<std::string> result;
  for (size_t at = 0; at < text.size(); at += length) result.push_back(text.substr(at, length));
  return result;
}

// What must hold whatever the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "does not hold: %s\n", what);
  abort();
}

}  // namespace vphoton::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
