// What is left of an application at its end: registers and stack, bounded, as one JSON object.
#pragma once

#include <cstdint>
#include <string>

#include "machine/processor.h"

namespace vphoton::system {

struct End {
  uint32_t code;         // of the SOS
  std::string why;       // "divides by zero, ..."
  std::string function;  // of the system that it was in, or ""
  uint32_t stack_end;    // of the thread it happens in
};

// {"code","name","why","in","module","contexts":[{"r":[16 numbers],"xpsr"}],"stack_at","stack"}: the running context
// first, then those it interrupts, at most 8; the stack in hexadecimal from its lowest context's SP to its end, at most
// 6 KB; `module` the CRC of the module in flash, eight hexadecimal digits.
std::string post_mortem(const End& end, const machine::Processor& processor, const machine::Memory& memory);

}  // namespace vphoton::system
