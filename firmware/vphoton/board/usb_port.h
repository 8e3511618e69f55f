// USB serial as the firmware uses it. Bytes of the listening-mode console never reach the firmware.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vphoton {

class UsbSerialPort {
 public:
  virtual ~UsbSerialPort() = default;
  virtual void begin(long baud) = 0;
  virtual void end() = 0;
  virtual bool connected() = 0;  // a host has the port open
  virtual int available() = 0;
  virtual int read() = 0;  // -1 when empty
  virtual int peek() = 0;
  // Waits without a bound, and the system goes on, while a host has the port open and does not read; without a host
  // nothing is kept. Device OS 2.3.1.
  virtual size_t write(const uint8_t* data, size_t size) = 0;
  virtual int available_for_write() = 0;  // 0: the next write waits
  virtual void flush() = 0;
};

}  // namespace vphoton
