#include "faces/softap/tcp_request.h"

namespace vphoton {
namespace {

constexpr size_t kLongestCommand = 30;        // Device OS 2.3.1, softap
constexpr uint32_t kLongestBody = 32 * 1024;  // a choice; a real Photon runs out of memory somewhere

}  // namespace

TcpRequest::State TcpRequest::feed(const std::string& data) {
  for (char c : data) {
    if (state_ != State::Incomplete) break;
    feed(c);
  }
  return state_;
}

void TcpRequest::feed(char c) {
  switch (part_) {
    case Part::Command:
      if (c == '\n' || c == '\0')
        part_ = Part::Length;
      else if (command_.size() == kLongestCommand)
        state_ = State::Unusable;
      else
        command_ += c;
      break;
    case Part::Length:
      // Every byte is folded in, whether it is a digit or not.
      if (c == '\n')
        part_ = Part::Lines;
      else
        length_ = length_ * 10 + static_cast<uint32_t>(c - '0');
      break;
    case Part::Lines:
      if (c != '\n') {
        line_empty_ = false;
      } else if (!line_empty_) {
        line_empty_ = true;
      } else if (length_ == 0) {
        state_ = State::Complete;
      } else if (length_ > kLongestBody) {
        // No memory for it: the command runs without a body, as with a length spoilt by a stray CR.
        state_ = State::Complete;
      } else {
        part_ = Part::Body;
      }
      break;
    case Part::Body:
      body_ += c;
      if (body_.size() == length_) state_ = State::Complete;
      break;
  }
}

}  // namespace vphoton
