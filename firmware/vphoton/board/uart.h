// Serial1: bytes between the firmware and what it is wired to, at the speed of the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "base/reactor.h"

namespace vphoton {

class Uart {
 public:
  static constexpr size_t kReceiveBuffer = 64;  // Device OS 2.3.1; what comes when it is full is lost

  explicit Uart(Reactor& reactor) : reactor_(reactor) {}

  // The firmware's side.
  void begin(uint32_t baud);
  void end() { baud_ = 0; }
  uint32_t baud() const { return baud_; }  // 0: closed
  size_t available() const { return received_.size(); }
  int read();  // -1 when empty
  int peek() const { return received_.empty() ? -1 : received_.front(); }
  size_t write(const uint8_t* data, size_t size);
  // Milliseconds until the last byte is out.
  uint32_t busy_ms() const;

  // The other side: `listener` gets what was written without a gap when the last byte of it is out.
  void connect(std::function<void(const std::string& bytes)> listener) { listener_ = std::move(listener); }
  void receive(const std::string& bytes);
  uint32_t milliseconds(size_t bytes) const;  // how long so many take, rounded up

 private:
  void sent();

  Reactor& reactor_;
  uint32_t baud_ = 0;
  uint64_t busy_until_us_ = 0;
  std::string sending_;
  std::deque<uint8_t> received_;
  std::function<void(const std::string& bytes)> listener_;
};

}  // namespace vphoton
