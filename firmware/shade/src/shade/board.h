// The device the firmware runs on, as far as it reports about it.
#pragma once

#include <stdint.h>

namespace shade {

class Board {
 public:
  virtual const char* device_id() = 0;
  virtual const char* device_os() = 0;
  virtual int reset_reason() = 0;
  virtual uint32_t free_memory() = 0;
  virtual bool cloud_connected() = 0;
  virtual bool claimed() = 0;       // once, by what is stored; nothing stored says that it is no more
  virtual int rssi() { return 0; }  // dBm; 0: no network
  virtual void reset() = 0;

 protected:
  ~Board() = default;
};

}  // namespace shade
