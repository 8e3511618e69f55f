// Frames of Dooya's RS-485 curtain motors, and how they are found among whatever else is on the line.
//
// 55, address low and high, function, what the function takes, CRC-16 of Modbus, low byte first. Functions: 1 read
// (register, count; answered by count and content, without the register), 3 control (command, and a value or none;
// answered by the same, or with FF as its value if the motor does not do it).
//
// Source: Dooya, "General external interface 485 agreement (opening and closing curtains)", protocol version A4,
// 2015-01-06, dooya.pdf of shubham030/dooya-rs485, commit 96347c9.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct BusAddress {
  uint8_t low, high;  // 01 ... FE each; 00 00 is every motor, and none of them answers
};

class BusFrame {
 public:
  static constexpr size_t kMost = 8;

  BusFrame() = default;
  // `size` 2 or 3: function and what it takes.
  BusFrame(const BusAddress& address, const uint8_t* content, size_t size);

  const uint8_t* bytes() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  uint8_t bytes_[kMost] = {};
  size_t size_ = 0;
};

// The last bytes that were heard. A frame is there when they end with it, whatever came before.
class BusWindow {
 public:
  void feed(uint8_t heard) {
    memmove(bytes_, bytes_ + 1, sizeof bytes_ - 1);
    bytes_[sizeof bytes_ - 1] = heard;
    if (size_ < sizeof bytes_) ++size_;
  }
  void clear() { size_ = 0; }
  bool empty() const { return size_ == 0; }
  bool ends_with(const BusFrame& frame) const {
    return size_ >= frame.size() && memcmp(bytes_ + sizeof bytes_ - frame.size(), frame.bytes(), frame.size()) == 0;
  }
  // The third byte of content of a whole frame that begins like this, or -1.
  int value_of(const BusAddress& address, uint8_t first, uint8_t second) const;

 private:
  uint8_t bytes_[BusFrame::kMost] = {};
  size_t size_ = 0;
};
