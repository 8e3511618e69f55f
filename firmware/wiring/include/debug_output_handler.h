// Log handlers on the serial ports; each begins its port.
#pragma once

#include "spark_wiring_logging.h"
#include "spark_wiring_usartserial.h"
#include "spark_wiring_usbserial.h"

namespace spark {

class SerialLogHandler : public StreamLogHandler {
 public:
  explicit SerialLogHandler(LogLevel level = LOG_LEVEL_INFO, LogCategoryFilters filters = {})
      : SerialLogHandler(9600, level, filters) {}
  explicit SerialLogHandler(int baud, LogLevel level = LOG_LEVEL_INFO, LogCategoryFilters filters = {})
      : StreamLogHandler(Serial, level, filters) {
    Serial.begin(baud);
    LogManager::instance()->addHandler(this);
  }
  ~SerialLogHandler() override { LogManager::instance()->removeHandler(this); }
};

class Serial1LogHandler : public StreamLogHandler {
 public:
  explicit Serial1LogHandler(LogLevel level = LOG_LEVEL_INFO, LogCategoryFilters filters = {})
      : Serial1LogHandler(9600, level, filters) {}
  explicit Serial1LogHandler(int baud, LogLevel level = LOG_LEVEL_INFO, LogCategoryFilters filters = {})
      : StreamLogHandler(Serial1, level, filters) {
    Serial1.begin(static_cast<unsigned long>(baud));
    LogManager::instance()->addHandler(this);
  }
  ~Serial1LogHandler() override { LogManager::instance()->removeHandler(this); }
};

}  // namespace spark

// As sketches of old name them: all messages.
class SerialDebugOutput : public spark::SerialLogHandler {
 public:
  explicit SerialDebugOutput(int baud = 9600, LogLevel level = LOG_LEVEL_ALL) : SerialLogHandler(baud, level) {}
};

class Serial1DebugOutput : public spark::Serial1LogHandler {
 public:
  explicit Serial1DebugOutput(int baud = 9600, LogLevel level = LOG_LEVEL_ALL) : Serial1LogHandler(baud, level) {}
};
