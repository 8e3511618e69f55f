// A module received by YMODEM at the setup console, packet by packet, with Device OS's leniency: the sequence number is
// checked against its complement, the CRC not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "system/services/setup_host.h"

namespace vphoton {

class YmodemReceiver {
 public:
  enum class Outcome { Receiving, Done, TooLarge, NotSaved, Invalid, Aborted, Failed };

  static constexpr char kShortPacket = 0x01;  // SOH, 128 bytes of data
  static constexpr char kLongPacket = 0x02;   // STX, 1024

  // `host` takes the image; `write` sends what the protocol answers.
  YmodemReceiver(SetupHost& host, std::function<void(const std::string&)> write)
      : host_(host), write_(std::move(write)) {}

  // Both say whether there is more to come. After Invalid, error() is the system error.
  Outcome feed(char byte);
  Outcome silence();  // nothing came for 5 s

  const std::string& name() const { return name_; }
  uint32_t size() const { return size_; }
  int error() const { return error_; }

 private:
  Outcome between_packets(char byte);
  Outcome packet();
  Outcome first_packet(const std::string& data);
  Outcome data_packet(const std::string& data);
  Outcome mistake();
  Outcome cancel(Outcome outcome);

  SetupHost& host_;
  std::function<void(const std::string&)> write_;
  std::string packet_;  // as far as it is here
  bool cancelling_ = false;
  bool in_file_ = false;
  bool complete_ = false;  // a whole file is here
  uint8_t expected_ = 0;   // sequence number; it wraps
  int mistakes_ = 0;
  std::string name_;
  uint32_t size_ = 0;
  uint32_t received_ = 0;
  int error_ = 0;
};

}  // namespace vphoton
