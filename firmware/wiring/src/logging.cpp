// Log.
#include "spark_wiring_logging.h"

#include <string.h>

#include "device_os/functions.h"
#include "spark_wiring_json.h"
#include "spark_wiring_thread.h"
#include "spark_wiring_usbserial.h"

namespace spark {
namespace {

bool covers(const char* filter, const char* category) {
  size_t length = strlen(filter);
  return strncmp(filter, category, length) == 0 && (category[length] == '\0' || category[length] == '.');
}

RecursiveMutex& mutex() {
  static RecursiveMutex only;
  return only;
}

}  // namespace

const Logger Log;
constexpr LogLevel Logger::DEFAULT_LEVEL;

// Behind a function: handlers are global objects of the firmware.
LogManager* LogManager::instance() {
  static LogManager only;
  return &only;
}

bool LogManager::addHandler(LogHandler* handler) {
  bool added = false;
  WITH_LOCK(mutex()) { added = !handlers_.contains(handler) && handlers_.append(handler); }
  log_set_callbacks(on_message, on_write, on_question, nullptr);
  return added;
}

void LogManager::removeHandler(LogHandler* handler) {
  WITH_LOCK(mutex()) {
    if (handlers_.removeOne(handler) && handlers_.isEmpty()) log_set_callbacks(nullptr, nullptr, nullptr, nullptr);
  }
}

// Calls `act` with each handler, on one thread at a time. What a handler logs itself is dropped.
template <typename Act>
void LogManager::each_handler(Act act) {
  WITH_LOCK(mutex()) {
    if (!busy_) {
      busy_ = true;
      for (LogHandler* handler : handlers_) act(*handler);
      busy_ = false;
    }
  }
}

// The system's calls, on either thread, for messages of its own as well.
void LogManager::on_message(const char* text, int level, const char* category, const LogAttributes* attributes, void*) {
  instance()->each_handler(
      [=](LogHandler& each) { each.message(text, static_cast<LogLevel>(level), category, *attributes); });
}

void LogManager::on_write(const char* data, size_t size, int level, const char* category, void*) {
  instance()->each_handler([=](LogHandler& each) { each.write(data, size, static_cast<LogLevel>(level), category); });
}

int LogManager::on_question(int level, const char* category, void*) {
  bool wanted = false;
  WITH_LOCK(mutex()) {
    for (LogHandler* handler : instance()->handlers_) wanted = wanted || level >= handler->level(category);
  }
  return wanted;
}

LogLevel LogHandler::level(const char* category) const {
  const LogCategoryFilter* best = nullptr;
  for (const auto& filter : filters_)
    if (category && covers(filter.category(), category) &&
        (!best || strlen(filter.category()) > strlen(best->category())))
      best = &filter;
  return best ? best->level() : level_;
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

namespace {

// The system's setup console has the port.
bool is_silent(const Print* stream) {
  return stream == &Serial && network_listening(NETWORK_INTERFACE_WIFI_STA, 0, nullptr);
}

}  // namespace

void StreamLogHandler::logMessage(const char* text, LogLevel level, const char* category,
                                  const LogAttributes& attributes) {
  if (is_silent(stream_)) return;
  stream_->printf("%010u [%s] %s: %s", static_cast<unsigned>(attributes.time), category ? category : "system",
                  levelName(level), text);
  if (attributes.has_code) stream_->printf(" [code = %d", static_cast<int>(attributes.code));
  if (attributes.has_details) stream_->printf("%sdetails = %s", attributes.has_code ? ", " : " [", attributes.details);
  stream_->println(attributes.has_code || attributes.has_details ? "]" : "");
}

void StreamLogHandler::write(const char* data, size_t size) {
  if (!is_silent(stream_)) stream_->write(reinterpret_cast<const uint8_t*>(data), size);
}

void StreamLogHandler::printf(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  stream_->vprintf(false, format, arguments);
  va_end(arguments);
}

void JSONStreamLogHandler::logMessage(const char* text, LogLevel level, const char* category,
                                      const LogAttributes& attributes) {
  if (is_silent(stream())) return;
  JSONStreamWriter json(*stream());
  json.beginObject().name("l").value(levelName(level)).name("m").value(text);
  if (category) json.name("c").value(category);
  json.name("t").value(static_cast<unsigned>(attributes.time));
  if (attributes.has_code) json.name("code").value(static_cast<int>(attributes.code));
  if (attributes.has_details) json.name("detail").value(attributes.details);
  json.endObject();
  stream()->println();
}

bool Logger::isLevelEnabled(LogLevel level) const { return log_enabled(level, category_, nullptr); }

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
void Logger::log(const char* format, ...) const { PASS_ON(DEFAULT_LEVEL); }
void Logger::log(LogLevel level, const char* format, ...) const { PASS_ON(level); }

void AttributedLogger::trace(const char* format, ...) { PASS_ON(LOG_LEVEL_TRACE); }
void AttributedLogger::info(const char* format, ...) { PASS_ON(LOG_LEVEL_INFO); }
void AttributedLogger::warn(const char* format, ...) { PASS_ON(LOG_LEVEL_WARN); }
void AttributedLogger::error(const char* format, ...) { PASS_ON(LOG_LEVEL_ERROR); }
void AttributedLogger::log(const char* format, ...) { PASS_ON(Logger::DEFAULT_LEVEL); }
void AttributedLogger::log(LogLevel level, const char* format, ...) { PASS_ON(level); }

#undef PASS_ON

void AttributedLogger::message(LogLevel level, const char* format, va_list arguments) {
  log_message_v(level, category_, &attributes_, nullptr, format, arguments);
}

void Logger::printf(const char* format, ...) const {
  va_list arguments;
  va_start(arguments, format);
  log_printf_v(DEFAULT_LEVEL, category_, nullptr, format, arguments);
  va_end(arguments);
}

void Logger::printf(LogLevel level, const char* format, ...) const {
  va_list arguments;
  va_start(arguments, format);
  log_printf_v(level, category_, nullptr, format, arguments);
  va_end(arguments);
}

void Logger::write(LogLevel level, const char* data, size_t size) const {
  log_write(level, category_, data, size, nullptr);
}

void Logger::dump(LogLevel level, const void* data, size_t size) const {
  log_dump(level, category_, data, size, 0, nullptr);
}

}  // namespace spark
