// A request of the SoftAP TCP service, fed as bytes arrive: command LF length LF [lines LF]* LF body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace vphoton {

class TcpRequest {
 public:
  enum class State { Incomplete, Complete, Unusable };

  // Bytes after the end of the request are ignored.
  State feed(const std::string& data);
  State state() const { return state_; }
  const std::string& command() const { return command_; }
  const std::string& body() const { return body_; }

 private:
  enum class Part { Command, Length, Lines, Body };
  void feed(char c);

  State state_ = State::Incomplete;
  Part part_ = Part::Command;
  std::string command_;
  uint32_t length_ = 0;
  bool line_empty_ = true;
  std::string body_;
};

}  // namespace vphoton
