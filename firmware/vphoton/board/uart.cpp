#include "board/uart.h"

#include <algorithm>
#include <utility>

namespace vphoton {
namespace {

constexpr uint64_t kBitsPerByte = 10;  // 8N1

uint64_t line_us(size_t bytes, uint32_t baud) { return baud ? bytes * kBitsPerByte * 1000000 / baud : 0; }

}  // namespace

void Uart::begin(uint32_t baud) {
  baud_ = baud;
  received_.clear();
}

int Uart::read() {
  int byte = peek();
  if (byte >= 0) received_.pop_front();
  return byte;
}

size_t Uart::write(const uint8_t* data, size_t size) {
  if (!baud_) return 0;
  uint64_t now = reactor_.now_us();
  busy_until_us_ = std::max(busy_until_us_, now) + line_us(size, baud_);
  if (!listener_) return size;
  if (sending_.empty()) reactor_.after(busy_ms(), [this] { sent(); });
  sending_.append(reinterpret_cast<const char*>(data), size);
  return size;
}

// Without a gap between them bytes are one message, however many calls wrote them.
void Uart::sent() {
  if (const uint32_t left = busy_ms()) {
    reactor_.after(left, [this] { sent(); });
    return;
  }
  listener_(std::exchange(sending_, {}));
}

uint32_t Uart::busy_ms() const {
  uint64_t now = reactor_.now_us();
  return busy_until_us_ > now ? static_cast<uint32_t>((busy_until_us_ - now + 999) / 1000) : 0;
}

void Uart::receive(const std::string& bytes) {
  if (!baud_) return;
  for (char c : bytes)
    if (received_.size() < kReceiveBuffer) received_.push_back(static_cast<uint8_t>(c));
}

uint32_t Uart::milliseconds(size_t bytes) const { return static_cast<uint32_t>((line_us(bytes, baud_) + 999) / 1000); }

}  // namespace vphoton
