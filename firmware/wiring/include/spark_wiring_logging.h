// Log messages and where they go. Without a handler they go nowhere, as on a real Photon.
//
//   SerialLogHandler logHandler(LOG_LEVEL_WARN, {{"app", LOG_LEVEL_ALL}});
//   Log.info("position %d", position);                 // category "app"
//   Logger motor("app.motor"); motor.warn("stalled");
#pragma once

#include <stdarg.h>

#include "device_os/log.h"
#include "spark_wiring_stream.h"
#include "spark_wiring_vector.h"

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

namespace spark {

// A level for a category and all below it.
class LogCategoryFilter {
 public:
  LogCategoryFilter(String category, LogLevel level) : category_(category), level_(level) {}
  LogCategoryFilter(const char* category, LogLevel level) : category_(category), level_(level) {}
  LogCategoryFilter(const char* category, size_t length, LogLevel level)
      : category_(category, static_cast<unsigned>(length)), level_(level) {}
  const char* category() const { return category_.c_str(); }
  LogLevel level() const { return level_; }

 private:
  String category_;
  LogLevel level_;
};
typedef Vector<LogCategoryFilter> LogCategoryFilters;

// Gets messages once LogManager has it.
class LogHandler {
 public:
  explicit LogHandler(LogLevel level = LOG_LEVEL_INFO) : level_(level) {}
  LogHandler(LogLevel level, LogCategoryFilters filters) : level_(level), filters_(filters) {}
  virtual ~LogHandler() = default;
  LogHandler(const LogHandler&) = delete;
  LogHandler& operator=(const LogHandler&) = delete;

  LogLevel level() const { return level_; }
  LogLevel level(const char* category) const;  // of the filter with the longest matching category
  static const char* levelName(LogLevel level);

  // One message, if `level` and `category` pass the filters; and bytes without any decoration.
  void message(const char* text, LogLevel level, const char* category, const LogAttributes& attributes);
  void write(const char* data, size_t size, LogLevel level, const char* category);

 protected:
  virtual void logMessage(const char* text, LogLevel level, const char* category, const LogAttributes& attributes) = 0;
  virtual void write(const char*, size_t) {}

 private:
  LogLevel level_;
  LogCategoryFilters filters_;
};

// A line each: milliseconds since start with ten digits, [category], level, text.
class StreamLogHandler : public LogHandler {
 public:
  explicit StreamLogHandler(Print& stream, LogLevel level = LOG_LEVEL_INFO, LogCategoryFilters filters = {})
      : LogHandler(level, filters), stream_(&stream) {}
  Print* stream() const { return stream_; }

 protected:
  void logMessage(const char* text, LogLevel level, const char* category, const LogAttributes& attributes) override;
  void write(const char* data, size_t size) override;
  void write(const char* text) { write(text, strlen(text)); }
  void write(char c) { write(&c, 1); }
  void printf(const char* format, ...) __attribute__((format(printf, 2, 3)));

 private:
  Print* stream_;
};

// A JSON object each: l level, m text, c category, t milliseconds, code, detail.
class JSONStreamLogHandler : public StreamLogHandler {
 public:
  using StreamLogHandler::StreamLogHandler;

 protected:
  void logMessage(const char* text, LogLevel level, const char* category, const LogAttributes& attributes) override;
  void write(const char*, size_t) override {}
};

class LogManager {
 public:
  static LogManager* instance();

  // False: there is no memory, or it has it already.
  bool addHandler(LogHandler* handler);
  void removeHandler(LogHandler* handler);
  LogManager(const LogManager&) = delete;
  LogManager& operator=(const LogManager&) = delete;

 private:
  LogManager() = default;

  template <typename Act>
  void each_handler(Act act);
  static void on_message(const char* text, int level, const char* category, const LogAttributes* attributes, void*);
  static void on_write(const char* data, size_t size, int level, const char* category, void*);
  static int on_question(int level, const char* category, void*);

  Vector<LogHandler*> handlers_;
  bool busy_ = false;
};

// More that is known of one message: Log.code(-210).details("stalled").error("Stopped").
class AttributedLogger {
 public:
  AttributedLogger& code(intptr_t code) {
    attributes_.code = code;
    attributes_.has_code = true;
    return *this;
  }
  AttributedLogger& details(const char* text) {
    attributes_.details = text;
    attributes_.has_details = true;
    return *this;
  }
  void trace(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void info(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void warn(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void error(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void log(const char* format, ...) __attribute__((format(printf, 2, 3)));
  void log(LogLevel level, const char* format, ...) __attribute__((format(printf, 3, 4)));

 private:
  friend class Logger;
  explicit AttributedLogger(const char* category) : category_(category) { attributes_.size = sizeof attributes_; }
  void message(LogLevel level, const char* format, va_list arguments);

  const char* category_;
  LogAttributes attributes_ = {};
};

class Logger {
 public:
  static constexpr LogLevel DEFAULT_LEVEL = LOG_LEVEL_INFO;

  explicit Logger(const char* category = "app") : category_(category) {}
  const char* name() const { return category_; }

  AttributedLogger code(intptr_t code) const { return AttributedLogger(category_).code(code); }
  AttributedLogger details(const char* text) const { return AttributedLogger(category_).details(text); }

  void trace(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void info(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void warn(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void error(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void operator()(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void operator()(LogLevel level, const char* format, ...) const __attribute__((format(printf, 3, 4)));
  void log(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void log(LogLevel level, const char* format, ...) const __attribute__((format(printf, 3, 4)));
  // Without time, level and line end.
  void printf(const char* format, ...) const __attribute__((format(printf, 2, 3)));
  void printf(LogLevel level, const char* format, ...) const __attribute__((format(printf, 3, 4)));
  void print(const char* text) const { print(DEFAULT_LEVEL, text); }
  void print(LogLevel level, const char* text) const { write(level, text, strlen(text)); }
  void write(const char* data, size_t size) const { write(DEFAULT_LEVEL, data, size); }
  void write(LogLevel level, const char* data, size_t size) const;
  void dump(const void* data, size_t size) const { dump(DEFAULT_LEVEL, data, size); }  // hexadecimal
  void dump(LogLevel level, const void* data, size_t size) const;

  bool isTraceEnabled() const { return isLevelEnabled(LOG_LEVEL_TRACE); }
  bool isInfoEnabled() const { return isLevelEnabled(LOG_LEVEL_INFO); }
  bool isWarnEnabled() const { return isLevelEnabled(LOG_LEVEL_WARN); }
  bool isErrorEnabled() const { return isLevelEnabled(LOG_LEVEL_ERROR); }
  bool isLevelEnabled(LogLevel level) const;

 private:
  void message(LogLevel level, const char* format, va_list arguments) const;

  const char* category_;
};

extern const Logger Log;

}  // namespace spark

// Of the system's: LOG(INFO, "%d", 5), in the category LOG_CATEGORY() or LOG_SOURCE_CATEGORY() names.
template <typename>
struct _LogCategoryOf {
  static const char* name() { return "app"; }
};
struct _LogOfSource;
typedef _LogCategoryOf<_LogOfSource> _LogCategory;
// A block's category hides the file's: that is what it is for.
#define LOG_CATEGORY(_name)                                                                           \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wshadow\"") struct _LogCategory { \
    static const char* name() { return (_name); }                                                     \
  };                                                                                                  \
  _Pragma("GCC diagnostic pop") static_assert(true, "")
#define LOG_SOURCE_CATEGORY(_name)                \
  template <>                                     \
  struct _LogCategoryOf<_LogOfSource> {           \
    static const char* name() { return (_name); } \
  };
#define LOG_THIS_CATEGORY() _LogCategory::name()
#define LOG_C(level, category, format, ...) spark::Logger(category).log(LOG_LEVEL_##level, format, ##__VA_ARGS__)
#define LOG(level, format, ...) LOG_C(level, LOG_THIS_CATEGORY(), format, ##__VA_ARGS__)
#define LOG_DEBUG(level, format, ...) ((void)0)
#define LOG_PRINT(level, text) spark::Logger(LOG_THIS_CATEGORY()).print(LOG_LEVEL_##level, text)
#define LOG_PRINTF(level, format, ...) \
  spark::Logger(LOG_THIS_CATEGORY()).printf(LOG_LEVEL_##level, format, ##__VA_ARGS__)
#define LOG_WRITE(level, data, size) spark::Logger(LOG_THIS_CATEGORY()).write(LOG_LEVEL_##level, data, size)
#define LOG_DUMP(level, data, size) spark::Logger(LOG_THIS_CATEGORY()).dump(LOG_LEVEL_##level, data, size)
#define LOG_ENABLED(level) spark::Logger(LOG_THIS_CATEGORY()).isLevelEnabled(LOG_LEVEL_##level)
