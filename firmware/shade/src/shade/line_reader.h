// Bytes into lines. CR, LF or both end a line; an overlong one is dropped whole.
#pragma once

#include <stddef.h>

namespace shade {

class LineReader {
 public:
  enum class Got { Nothing, Line, Overlong };

  static constexpr size_t kMaxLine = 96;

  // After Line, line() holds the text until the next feed().
  Got feed(char c);
  const char* line() const { return line_; }
  size_t length() const { return done_; }

 private:
  char line_[kMaxLine + 1];
  size_t length_ = 0;
  size_t done_ = 0;
  bool overlong_ = false;
};

}  // namespace shade
