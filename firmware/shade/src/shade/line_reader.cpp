#include "line_reader.h"

namespace shade {

LineReader::Got LineReader::feed(char c) {
  if (c != '\r' && c != '\n') {
    if (length_ == kMaxLine) {
      overlong_ = true;
    } else {
      line_[length_++] = c;
    }
    return Got::Nothing;
  }
  bool overlong = overlong_;
  done_ = length_;
  overlong_ = false;
  length_ = 0;
  if (overlong) return Got::Overlong;
  if (done_ == 0) return Got::Nothing;  // an empty line, or the LF of a CR LF
  line_[done_] = '\0';
  return Got::Line;
}

}  // namespace shade
