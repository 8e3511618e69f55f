// Arguments behind a format, as the AAPCS passes them: in the registers that are left, then on the stack; or all in
// memory, as a va_list points to them.
#pragma once

#include <cstdint>

#include "system/application.h"

namespace vphoton::system {

class Varargs {
 public:
  // Of the function that is being served, behind so many words of named arguments.
  static Varargs behind(Application& application, unsigned words) { return Varargs(application, words, 0); }
  // Of a va_list.
  static Varargs at(Application& application, uint32_t list) { return Varargs(application, 0, list); }

  uint32_t word();
  uint64_t two_words();  // aligned to 8 bytes
  double number();

 private:
  Varargs(Application& application, unsigned next, uint32_t list)
      : application_(application), next_(next), list_(list) {}

  Application& application_;
  unsigned next_;
  uint32_t list_;  // 0: by `next_`
};

}  // namespace vphoton::system
