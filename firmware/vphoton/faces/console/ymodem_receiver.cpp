#include "faces/console/ymodem_receiver.h"

#include <algorithm>

namespace vphoton {
namespace {

constexpr char kEndOfFile = 0x04;
constexpr char kAck = 0x06;
constexpr char kNak = 0x15;
constexpr char kCancel = 0x18;
constexpr char kNext = 'C';
constexpr char kProbe = ' ';  // a host asks whether anyone is there
constexpr size_t kHeaderSize = 3;
constexpr size_t kCrcSize = 2;
constexpr int kMostMistakes = 5;

size_t data_size(char mark) { return mark == YmodemReceiver::kShortPacket ? 128 : 1024; }

}  // namespace

YmodemReceiver::Outcome YmodemReceiver::feed(char byte) {
  if (packet_.empty()) return between_packets(byte);
  packet_ += byte;
  if (packet_.size() < kHeaderSize + data_size(packet_[0]) + kCrcSize) return Outcome::Receiving;
  return packet();
}

YmodemReceiver::Outcome YmodemReceiver::between_packets(char byte) {
  bool second_cancel = cancelling_ && byte == kCancel;
  bool lone_cancel = cancelling_ && !second_cancel;
  cancelling_ = false;
  if (second_cancel) {
    write_({kAck});
    return Outcome::Failed;
  }
  if (lone_cancel) return mistake();
  switch (byte) {
    case kShortPacket:
    case kLongPacket:
      packet_ = byte;
      return Outcome::Receiving;
    case kEndOfFile:
      mistakes_ = 0;
      complete_ = complete_ || in_file_;
      in_file_ = false;
      expected_ = 0;
      write_({kAck});
      return Outcome::Receiving;
    case kCancel:
      cancelling_ = true;
      return Outcome::Receiving;
    case 'a':
    case 'A':
      return cancel(Outcome::Aborted);
    case kProbe:
      write_({kAck});
      return Outcome::Receiving;
    default:
      return mistake();
  }
}

YmodemReceiver::Outcome YmodemReceiver::silence() {
  packet_.clear();
  cancelling_ = false;
  return mistake();
}

// A choice: mistakes count from the start, so that a receiver nobody sends to ends by itself.
YmodemReceiver::Outcome YmodemReceiver::mistake() {
  if (++mistakes_ > kMostMistakes) return cancel(Outcome::Failed);
  write_({kNext});
  return Outcome::Receiving;
}

YmodemReceiver::Outcome YmodemReceiver::cancel(Outcome outcome) {
  write_({kCancel, kCancel});
  return outcome;
}

YmodemReceiver::Outcome YmodemReceiver::packet() {
  std::string whole;
  whole.swap(packet_);
  auto sequence = static_cast<uint8_t>(whole[1]);
  if (static_cast<uint8_t>(~whole[2]) != sequence) return mistake();
  mistakes_ = 0;
  if (sequence != expected_) {
    write_({kNak});
    return Outcome::Receiving;
  }
  std::string data = whole.substr(kHeaderSize, data_size(whole[0]));
  return in_file_ ? data_packet(data) : first_packet(data);
}

YmodemReceiver::Outcome YmodemReceiver::first_packet(const std::string& data) {
  if (data[0] == '\0') {
    if (!complete_) {
      write_({kAck});
      return Outcome::Failed;
    }
    error_ = host_.ota_validate();
    if (error_ != 0) return cancel(Outcome::Invalid);
    write_({kAck});
    return Outcome::Done;
  }
  size_t end = std::min(data.find('\0'), data.size());
  name_ = data.substr(0, end);
  size_ = 0;
  for (size_t at = end + 1; at < data.size() && data[at] >= '0' && data[at] <= '9' && size_ < 100000000; ++at)
    size_ = size_ * 10 + static_cast<uint32_t>(data[at] - '0');
  received_ = 0;
  complete_ = false;
  if (host_.ota_begin(size_) != 0) return cancel(Outcome::TooLarge);
  in_file_ = true;
  expected_ = 1;
  write_({kAck, kNext});
  return Outcome::Receiving;
}

// The last packet is filled up; what lies beyond the announced size is none of the file.
YmodemReceiver::Outcome YmodemReceiver::data_packet(const std::string& data) {
  size_t wanted = std::min<size_t>(data.size(), size_ - received_);
  if (wanted > 0 && host_.ota_write(received_, reinterpret_cast<const uint8_t*>(data.data()), wanted) != 0)
    return cancel(Outcome::NotSaved);
  received_ += static_cast<uint32_t>(wanted);
  ++expected_;
  write_({kAck});
  return Outcome::Receiving;
}

}  // namespace vphoton
