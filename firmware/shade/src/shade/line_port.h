// The serial port the bench console talks on.
#pragma once

namespace shade {

class LinePort {
 public:
  virtual int read() = 0;  // next byte, -1 when none is there or the port belongs to the setup console
  // While a motor runs it must not wait for the host: a line there is no room for is lost then.
  virtual void write_line(const char* text) = 0;

 protected:
  ~LinePort() = default;
};

}  // namespace shade
