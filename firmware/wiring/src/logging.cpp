// Log.
#include "spark_wiring_logging.h"

#include <string.h>
#include <algorithm>

#include "device_os/functions.h"
#include "spark_wiring_thread.h"
#include "spark_wiring_usbserial.h"

namespace particle {
namespace {

// Behind a function: handlers are global objects of the firmware.
std::vector<LogHandler*>& handlers() {
  static std::vector<LogHandler*> list;
  return list;
}

bool covers(const char* filter, const char* category) {
  size_t length = strlen(filter);
  return strncmp(filter, category, length) == 0 && (category[length] == '\0' || category[length] == '.');
}

RecursiveMutex& mutex() {
  static RecursiveMutex only;
  return only;
}

// Calls `act` with each handler, on one thread at a time. What a handler logs itself is dropped.
template <typename Act>
void each_handler(Act act) {
  static bool busy = false;
  WITH_LOCK(mutex()) {
    if (!busy) {
      busy = true;
      for (LogHandler* handler : handlers()) act(*handler);
      busy = false;
    }
  }
}

// The system's calls, on either thread, for messages of its own as well.
void on_message(const char* text, int level, const char* category, const LogAttributes* attributes, void*) {
  each_handler([=](LogHandler& each) { each.message(text, static_cast<LogLevel>(level), category, *attributes); });
}

void on_write(const char* data, size_t size, int level, const char* category, void*) {
  each_handler([=](LogHandler& each) { each.write(data, size, static_cast<LogLevel>(level), category); });
}

int on_question(int level, const char* category, void*) {
  bool wanted = false;
  WITH_LOCK(mutex()) {
    for (LogHandler* handler : handlers()) wanted = wanted || level >= handler->level(category);
  }
  return wanted;
}

}  // namespace

const Logger Log;

LogHandler::LogHandler(LogLevel level, LogCategoryFilters filters) : level_(level), filters_(filters) {
  WITH_LOCK(mutex()) { handlers().push_back(this); }
  log_set_callbacks(on_message, on_write, on_question, nullptr);
}

LogHandler::~LogHandler() {
  WITH_LOCK(mutex()) {
    auto& list = handlers();
    list.erase(std::remove(list.begin(), list.end(), this), list.end());
    if (list.empty()) log_set_callbacks(nullptr, nullptr, nullptr, nullptr);
  }
}

LogLevel LogHandler::level(const char* category) const {
  const LogCategoryFilter* best = nullptr;
  for (const auto& filter : filters_)
    if (category && covers(filter.category, category) && (!best || strlen(filter.category) > strlen(best->category)))
      best = &filter;
  return best ? best->level : level_;
}

const char* LogHandler::levelName(LogLevel level) {
  if (level < LOG_LEVEL_INFO) return "TRACE";
  if (level < LOG_LEVEL_WARN) return "INFO";
  if (level < LOG_LEVEL_ERROR) return "WARN";
  return level < LOG_LEVEL_PANIC ? "ERROR" : "PANIC";
}

void LogHandler::message(const char* text, LogLevel level, const char* category, const LogAttributes& attributes) {
  if (level >= this->level(category)) logMessage(text, level, category, attributes);
}

void LogHandler::write(const char* data, size_t size, LogLevel level, const char* category) {
  if (level >= this->level(category)) write(data, size);
}

void StreamLogHandler::logMessage(const char* text, LogLevel level, const char* category,
                                  const LogAttributes& attributes) {
  // The system's setup console has the port.
  if (stream_ == &Serial && network_listening(NETWORK_INTERFACE_WIFI_STA, 0, nullptr)) return;
  stream_->printlnf("%010u [%s] %s: %s", static_cast<unsigned>(attributes.time), category ? category : "system",
                    levelName(level), text);
}

void StreamLogHandler::write(const char* data, size_t size) {
  stream_->write(reinterpret_cast<const uint8_t*>(data), size);
}

SerialLogHandler::SerialLogHandler(int baud, LogLevel level, LogCategoryFilters filters)
    : StreamLogHandler(Serial, level, filters) {
  Serial.begin(baud);
}

bool Logger::enabled(LogLevel level) const { return log_enabled(level, category_, nullptr); }

void Logger::message(LogLevel level, const char* format, va_list arguments) const {
  LogAttributes attributes = {};
  attributes.size = sizeof attributes;
  log_message_v(level, category_, &attributes, nullptr, format, arguments);
}

#define PASS_ON(level)                 \
  va_list arguments;                   \
  va_start(arguments, format);         \
  message((level), format, arguments); \
  va_end(arguments)

void Logger::trace(const char* format, ...) const { PASS_ON(LOG_LEVEL_TRACE); }
void Logger::info(const char* format, ...) const { PASS_ON(LOG_LEVEL_INFO); }
void Logger::warn(const char* format, ...) const { PASS_ON(LOG_LEVEL_WARN); }
void Logger::error(const char* format, ...) const { PASS_ON(LOG_LEVEL_ERROR); }
void Logger::operator()(const char* format, ...) const { PASS_ON(LOG_LEVEL_INFO); }
void Logger::operator()(LogLevel level, const char* format, ...) const { PASS_ON(level); }
void Logger::log(LogLevel level, const char* format, ...) const { PASS_ON(level); }

#undef PASS_ON

void Logger::printf(const char* format, ...) const {
  va_list arguments;
  va_start(arguments, format);
  log_printf_v(LOG_LEVEL_INFO, category_, nullptr, format, arguments);
  va_end(arguments);
}

void Logger::print(const char* text) const { log_write(LOG_LEVEL_INFO, category_, text, strlen(text), nullptr); }

void Logger::dump(const void* data, size_t size) const { log_dump(LOG_LEVEL_INFO, category_, data, size, 0, nullptr); }

}  // namespace particle
