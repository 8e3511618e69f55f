// Byte input with a time limit, on top of Print.
#pragma once

#include "spark_wiring_print.h"

class Stream : public Print {
 public:
  virtual int available() = 0;
  virtual int read() = 0;  // -1 when nothing is there
  virtual int peek() = 0;  // -1 when nothing is there
  virtual void flush() = 0;

  // Longest wait for the next byte, in milliseconds. Default 1000.
  void setTimeout(system_tick_t timeout) { timeout_ = timeout; }

  bool find(char* target);
  bool findUntil(char* target, char* terminator);
  long parseInt();
  float parseFloat();
  size_t readBytes(char* buffer, size_t length);
  size_t readBytesUntil(char terminator, char* buffer, size_t length);
  String readString();
  String readStringUntil(char terminator);

 private:
  int timedRead();
  int timedPeek();
  int peekNextDigit();

  system_tick_t timeout_ = 1000;
};
