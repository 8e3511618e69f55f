// Strict decimal numbers in text.
#pragma once

#include <stdint.h>

namespace shade {

// Reads digits at `text` up to `end` (a character, '\0' for the end of the text) into `value`. False for no digits,
// anything else in between, or more than `max`. Returns in `rest` what follows `end`.
inline bool read_number(const char* text, char end, uint32_t max, uint32_t& value, const char** rest = nullptr) {
  uint64_t number = 0;
  const char* at = text;
  for (; *at >= '0' && *at <= '9'; ++at) {
    number = number * 10 + static_cast<uint64_t>(*at - '0');
    if (number > max) return false;
  }
  if (at == text || *at != end) return false;
  value = static_cast<uint32_t>(number);
  if (rest) *rest = end ? at + 1 : at;
  return true;
}

}  // namespace shade
