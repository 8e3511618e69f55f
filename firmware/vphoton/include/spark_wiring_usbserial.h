// USB serial. In listening mode the system's setup console has it.
#pragma once

#include "spark_wiring_stream.h"

// One thread runs the firmware: a lock is free as it stands.
#define WITH_LOCK(stream) for (bool _locked_once = true; _locked_once; _locked_once = false)

class USBSerial : public Stream {
 public:
  void begin(long speed = 9600);
  void end();
  bool isConnected();  // a host has opened the port
  operator bool() { return isConnected(); }

  int availableForWrite() { return 64; }  // a choice; write() waits for room
  void blockOnOverrun(bool) {}            // it always does
  void lock() {}
  void unlock() {}

  int available() override;
  int read() override;
  int peek() override;
  void flush() override;
  size_t write(uint8_t c) override;
  size_t write(const uint8_t* buffer, size_t size) override;
  using Print::write;
};

extern USBSerial Serial;
