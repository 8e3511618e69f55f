// State changes and warnings of this process as single lines on stderr. Never a password, key or claim code.
#pragma once

namespace vphoton {

// --log: state changes are told too, not only warnings.
void log_verbosely(bool on);
void log_state(const char* format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace vphoton
