// Log messages and where they go. Without a handler they go nowhere, as on a real Photon.
//
//   SerialLogHandler logHandler(LOG_LEVEL_WARN, {{"app", LOG_LEVEL_ALL}});
//   Log.info("position %d", position);                 // category "app"
//   Logger motor("app.motor"); motor.warn("stalled");
#pragma once

#include <stdarg.h>

#include <initializer_list>
#include <vector>

#include "device_os/log.h"
#include "spark_wiring_stream.h"

enum LogLevel {
  LOG_LEVEL_ALL = 1,
  LOG_LEVEL_TRACE = 1,
  LOG_LEVEL_INFO = 30,
  LOG_LEVEL_WARN = 40,
  LOG_LEVEL_ERROR = 50,
  LOG_LEVEL_PANIC = 60,
  LOG_LEVEL_NONE = 70,
  DEFAULT_LEVEL = 0
};

namespace particle {

struct LogCategoryFilter {
  const char* category;  // and all below it
  LogLevel level;
};
typedef std::initializer_list<LogCategoryFilter> LogCategoryFilters;

class LogHandler {
 public:
  explicit LogHandler(LogLevel level = LOG_LEVEL_INFO, LogCategoryFilters filters = {});
  virtual ~LogHandler();
  LogHandler(const LogHandler&) = delete;
  LogHandler& operator=(const LogHandler&) = delete;

  // Of the filter with the longest matching category.
  LogLevel level(const char* category) const;
  static const char* levelName(LogLevel level);

  // One message, if `level` and `category` pass the filters; and bytes without any decoration.
  void message(const char* text, LogLevel level, const char* category, const LogAttributes& attributes);
  void write(const char* data, size_t size, LogLevel level, const char* category);

 protected:
  virtual void logMessage(const char* text, LogLevel level, const char* category, const LogAttributes& attributes) = 0;
  virtual void write(const char*, size_t) {}

 private:
  LogLevel level_;
  std::vector<LogCategoryFilter> filters_;
};

// A line each: milliseconds since start with ten digits, [category], level, text.
class StreamLogHandler : public LogHandler {
 public:
  explicit StreamLogHandler(Print& stream, LogLevel level = LOG_LEVEL_INFO, LogCategoryFilters filters = {})
      : LogHandler(level, filters), stream_(&stream) {}

 protected:
  void logMessage(const char* text, LogLevel level, const char* category, const LogAttributes& attributes) override;
  void write(const char* data, size_t size) override;

 private:
  Print* stream_;
};

class SerialLogHandler : public StreamLogHandler {
 public:
  explicit SerialLogHandler(LogLevel level = LOG_LEVEL_INFO, LogCategoryFilters filters = {})
      : SerialLogHandler(9600, level, filters) {}
  explicit SerialLogHandler(int baud, LogLevel level = LOG_LEVEL_INFO, LogCategoryFilters filters = {});
};

class Logger {
 public:
  explicit Logger(const char* category = "app") : category_(category) {}

  void trace(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void info(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void warn(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void error(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void operator()(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void operator()(LogLevel level, const char* format, ...) const __attribute__((format(printf, 3, 4)));
  void log(LogLevel level, const char* format, ...) const __attribute__((format(printf, 3, 4)));
  // Without time, level and line end.
  void printf(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void print(const char* text) const;
  void dump(const void* data, size_t size) const;  // hexadecimal

  bool isTraceEnabled() const { return enabled(LOG_LEVEL_TRACE); }
  bool isInfoEnabled() const { return enabled(LOG_LEVEL_INFO); }
  bool isWarnEnabled() const { return enabled(LOG_LEVEL_WARN); }
  bool isErrorEnabled() const { return enabled(LOG_LEVEL_ERROR); }

 private:
  bool enabled(LogLevel level) const;
  void message(LogLevel level, const char* format, va_list arguments) const;

  const char* category_;
};

extern const Logger Log;

}  // namespace particle
