#include "base/log.h"

#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

namespace vphoton {
namespace {

bool verbose = false;
bool silent = false;
const std::string* source = nullptr;
std::string* kept = nullptr;

// One write per line, so that lines of several devices on one terminal stay whole.
void print(const char* kind, const char* format, va_list arguments) {
  char line[512];
  int used = snprintf(line, sizeof line, "vphoton: %s%s%s", source ? source->c_str() : "", source ? ": " : "", kind);
  int more = vsnprintf(line + used, sizeof line - static_cast<size_t>(used) - 1, format, arguments);
  if (more < 0) return;
  size_t length = static_cast<size_t>(used + more);
  if (length > sizeof line - 2) length = sizeof line - 2;
  line[length] = '\n';
  if (kept) {
    kept->append(line + strlen("vphoton: "), length + 1 - strlen("vphoton: "));
    return;
  }
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line, length + 1);
}

}  // namespace

void keep_log(std::string* text) { kept = text; }

void log_nothing() { silent = true; }

void log_verbosely(bool on) { verbose = on; }

void log_as(const std::string* device) { source = device; }

void log_state(const char* format, ...) {
  if (!verbose || silent) return;
  va_list arguments;
  va_start(arguments, format);
  print("", format, arguments);
  va_end(arguments);
}

void log_warning(const char* format, ...) {
  if (silent) return;
  va_list arguments;
  va_start(arguments, format);
  print("warning: ", format, arguments);
  va_end(arguments);
}

void log_record(const char* kind, const std::string& json) {
  if (kept || silent) return;
  const std::string line = std::string("vphoton: ") + kind + ' ' + json + '\n';
  [[maybe_unused]] ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace vphoton
