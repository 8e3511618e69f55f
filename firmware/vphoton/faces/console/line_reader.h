// One line of input at the setup console: echo, backspace, and an end at CR, LF or one character too many.
#pragma once

#include <cstddef>
#include <string>

namespace vphoton {

class LineReader {
 public:
  // `most`: characters that are kept.
  explicit LineReader(size_t most) : most_(most) {}

  // True once the line is complete. What is to be echoed is appended to `echo`.
  bool feed(char c, std::string* echo);
  const std::string& line() const { return line_; }

 private:
  size_t most_;
  std::string line_;
};

}  // namespace vphoton
