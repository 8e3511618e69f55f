// The cloud surface of every variant, in one table: what is registered, documented and tested comes from here.
#pragma once

#include <stddef.h>

// X(name, type, text)
#define SHADE_VARIABLES(X)                                            \
  X(position, "int", "0 closed ... 100 open, estimated while moving") \
  X(moving, "bool", "the shade moves or is about to")                 \
  X(variant, "string", "name of the manufacturer variant")            \
  X(fw, "string", "variant and product version, as in `roller 1`")    \
  X(health, "string", "JSON: fault, known, calibrated, moves, uptime, reset, free, dropped")

#define SHADE_FUNCTIONS(X)                                                                                   \
  X(move, "int", "`open`, `close`, `stop` or 0 ... 100; returns the target (stop: the position), or a code") \
  X(identify, "int", "1 ... 60 seconds of blinking (empty: 5); returns the seconds, or a code")              \
  X(calibrate, "int", "`<open_ms>,<close_ms>` (500 ... 300000 each) or `reset`; returns 0, or a code")

// X(identifier, name, text)
#define SHADE_EVENTS(X)                                                   \
  X(boot, "shade/boot", "JSON: variant, fw, reset, position, calibrated") \
  X(moved, "shade/moved", "JSON: position, target, cause")                \
  X(fault, "shade/fault", "JSON: fault, text, position")

namespace shade {

enum class SurfaceKind { Variable, Function, Event };

struct SurfaceEntry {
  SurfaceKind kind;
  const char* name;
  const char* type;
  const char* text;
};

// The oldest Device OS takes variable and function names of up to 12 characters.
constexpr size_t kMaxSurfaceName = 12;

#define SHADE_CHECK_NAME(name, type, text) static_assert(sizeof(#name) - 1 <= kMaxSurfaceName, #name " is too long");
SHADE_VARIABLES(SHADE_CHECK_NAME)
SHADE_FUNCTIONS(SHADE_CHECK_NAME)
#undef SHADE_CHECK_NAME

const SurfaceEntry kSurface[] = {
#define SHADE_VARIABLE_ENTRY(name, type, text) {SurfaceKind::Variable, #name, type, text},
#define SHADE_FUNCTION_ENTRY(name, type, text) {SurfaceKind::Function, #name, type, text},
#define SHADE_EVENT_ENTRY(identifier, name, text) {SurfaceKind::Event, name, "json", text},
    SHADE_VARIABLES(SHADE_VARIABLE_ENTRY) SHADE_FUNCTIONS(SHADE_FUNCTION_ENTRY) SHADE_EVENTS(SHADE_EVENT_ENTRY)
#undef SHADE_VARIABLE_ENTRY
#undef SHADE_FUNCTION_ENTRY
#undef SHADE_EVENT_ENTRY
};

namespace event {
#define SHADE_EVENT_NAME(identifier, name, text) constexpr const char* identifier = name;
SHADE_EVENTS(SHADE_EVENT_NAME)
#undef SHADE_EVENT_NAME
}  // namespace event

}  // namespace shade
