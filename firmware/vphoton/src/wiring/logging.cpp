// Log.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>

#include "application.h"

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

std::string text_of(const char* format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(nullptr, 0, format, arguments);
  std::string text(length > 0 ? static_cast<size_t>(length) + 1 : 1, '\0');
  vsnprintf(text.data(), text.size(), format, again);
  va_end(again);
  text.pop_back();
  return text;
}

}  // namespace

const Logger Log;

LogHandler::LogHandler(LogLevel level, LogCategoryFilters filters) : level_(level), filters_(filters) {
  handlers().push_back(this);
}

LogHandler::~LogHandler() {
  auto& list = handlers();
  list.erase(std::remove(list.begin(), list.end(), this), list.end());
}

LogLevel LogHandler::level(const char* category) const {
  const LogCategoryFilter* best = nullptr;
  for (const auto& filter : filters_)
    if (covers(filter.category, category) && (!best || strlen(filter.category) > strlen(best->category)))
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
  stream_->printlnf("%010u [%s] %s: %s", static_cast<unsigned>(attributes.time), category, levelName(level), text);
}

void StreamLogHandler::write(const char* data, size_t size) {
  stream_->write(reinterpret_cast<const uint8_t*>(data), size);
}

SerialLogHandler::SerialLogHandler(int baud, LogLevel level, LogCategoryFilters filters)
    : StreamLogHandler(Serial, level, filters) {
  Serial.begin(baud);
}

bool Logger::enabled(LogLevel level) const {
  return std::any_of(handlers().begin(), handlers().end(),
                     [&](const LogHandler* each) { return level >= each->level(category_); });
}

void Logger::message(LogLevel level, const char* format, va_list arguments) const {
  if (!enabled(level)) return;
  std::string text = text_of(format, arguments);
  LogAttributes attributes = {sizeof attributes, true, millis()};
  for (LogHandler* each : handlers()) each->message(text.c_str(), level, category_, attributes);
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
  std::string text = text_of(format, arguments);
  va_end(arguments);
  print(text.c_str());
}

void Logger::print(const char* text) const {
  for (LogHandler* each : handlers()) each->write(text, strlen(text), LOG_LEVEL_INFO, category_);
}

void Logger::dump(const void* data, size_t size) const {
  std::string text;
  char digits[3];
  for (size_t i = 0; i < size; ++i) {
    snprintf(digits, sizeof digits, "%02x", static_cast<const uint8_t*>(data)[i]);
    text += digits;
  }
  print(text.c_str());
}

}  // namespace particle
