// Serial1 on RX and TX.
#pragma once

#include "spark_wiring_stream.h"

// The only frame the virtual Photon models.
#define SERIAL_8N1 0

class USARTSerial : public Stream {
 public:
  void begin(unsigned long speed);
  void begin(unsigned long speed, uint32_t config) { (void)config, begin(speed); }
  void end();
  bool isEnabled();
  operator bool() { return isEnabled(); }

  int available() override;
  int read() override;
  int peek() override;
  void flush() override;  // waits until everything is out
  size_t write(uint8_t c) override;
  size_t write(const uint8_t* buffer, size_t size) override;
  using Print::write;
};

extern USARTSerial Serial1;
