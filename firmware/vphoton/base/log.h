// State changes and warnings of this process as single lines on stderr. Never a password, key or claim code.
#pragma once

#include <string>

namespace vphoton {

// From now on lines carry this label, as long as it lives; null: none.
void log_as(const std::string* device);

// For tests: no line at all from now on.
void log_nothing();

// --log: state changes are told too, not only warnings.
void log_verbosely(bool on);
// Lines are added to `text` instead of stderr, and records are not made; null: to stderr again.
void keep_log(std::string* text);
void log_state(const char* format, ...) __attribute__((format(printf, 1, 2)));
// A line for programs: `kind` and a JSON object, however long.
void log_record(const char* kind, const std::string& json);
void log_warning(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace vphoton
