// The cloud surface of every variant, in one table: what is registered, documented and tested comes from here.
#pragma once

#include <stddef.h>

// X(name, type, text); those of the second list are there only on variants with a tilt.
#define SHADE_VARIABLES(X)                                                                        \
  X(position, "int", "0 closed ... 100 open; measured, or estimated while moving")                \
  X(moving, "bool", "something moves or is about to (dead time)")                                 \
  X(variant, "string", "name of the manufacturer variant")                                        \
  X(fw, "string", "variant and product version, as in `roller 1`, with ` experimental` if it is") \
  X(site, "string", "what the installer called the place, at most 31 bytes")                      \
  X(groups, "string", "names of the groups it belongs to, with `,` between")                      \
  X(schedule, "string", "entries, zone and place, as `schedule` takes them, with `;` between")    \
  X(health, "string", "JSON: fault, known, calibrated, claimed, moves, uptime, reset, free, dropped, rssi, run, time")
#define SHADE_TILT_VARIABLES(X) X(tilt, "int", "0 closed ... 100 open slats, measured")

#define SHADE_FUNCTIONS(X)                                                                                    \
  X(move, "int", "`open`, `close`, `stop` or 0 ... 100; returns the target (stop: the position), or a code")  \
  X(identify, "int", "1 ... 60 seconds of blinking (empty: 5); returns the seconds, or a code")               \
  X(calibrate, "int",                                                                                         \
    "two numbers, `<a>,<b>`, in the variant's measure, `reset`, or `learn`; see below; returns 0, or a code") \
  X(schedule, "int", "an entry, `zone`, `place` or `clear`; see below; returns 0, or a code")                 \
  X(groups, "int", "names with `,` between, 27 characters in all (empty: none); returns 0, or a code")        \
  X(owner, "int", "whose it is now: a name of at most 15 characters, or `none`; see below; returns 0, or a code")
#define SHADE_TILT_FUNCTIONS(X) \
  X(tilt, "int", "`open`, `close`, `stop` or 0 ... 100; returns the target (stop: the position), or a code")

// X(identifier, name, text)
#define SHADE_EVENTS(X)                                                                               \
  X(boot, "shade/boot", "JSON: variant, fw, reset, position, calibrated")                             \
  X(moved, "shade/moved", "JSON: position, target, cause")                                            \
  X(fault, "shade/fault", "JSON: fault, text, position")                                              \
  X(missed, "shade/missed", "JSON: target, result: a scheduled move that was refused for 15 minutes") \
  X(learn, "shade/learn", "JSON: part, step, counts: the ends are learnt, where edges are counted")   \
  X(owner, "shade/owner", "JSON: owner, release, cleared")                                            \
  X(asks, "shade/own/<device id>", "`owned`: comes back to this device alone, if it has an owner")
#define SHADE_TILT_EVENTS(X) X(tilted, "shade/tilted", "JSON: tilt, target, cause")

namespace shade {

enum class SurfaceKind { Variable, Function, Event };

struct SurfaceEntry {
  SurfaceKind kind;
  const char* name;
  const char* type;
  bool needs_tilt;
  const char* text;
};

// The oldest Device OS takes variable and function names of up to 12 characters.
constexpr size_t kMaxSurfaceName = 12;

#define SHADE_CHECK_NAME(name, type, text) static_assert(sizeof(#name) - 1 <= kMaxSurfaceName, #name " is too long");
SHADE_VARIABLES(SHADE_CHECK_NAME)
SHADE_TILT_VARIABLES(SHADE_CHECK_NAME)
SHADE_FUNCTIONS(SHADE_CHECK_NAME)
SHADE_TILT_FUNCTIONS(SHADE_CHECK_NAME)
#undef SHADE_CHECK_NAME

const SurfaceEntry kSurface[] = {
#define SHADE_ENTRY_V(name, type, text) {SurfaceKind::Variable, #name, type, false, text},
#define SHADE_ENTRY_TV(name, type, text) {SurfaceKind::Variable, #name, type, true, text},
#define SHADE_ENTRY_F(name, type, text) {SurfaceKind::Function, #name, type, false, text},
#define SHADE_ENTRY_TF(name, type, text) {SurfaceKind::Function, #name, type, true, text},
#define SHADE_ENTRY_E(identifier, name, text) {SurfaceKind::Event, name, "json", false, text},
#define SHADE_ENTRY_TE(identifier, name, text) {SurfaceKind::Event, name, "json", true, text},
    // clang-format off
    SHADE_VARIABLES(SHADE_ENTRY_V) SHADE_TILT_VARIABLES(SHADE_ENTRY_TV)
    SHADE_FUNCTIONS(SHADE_ENTRY_F) SHADE_TILT_FUNCTIONS(SHADE_ENTRY_TF)
    SHADE_EVENTS(SHADE_ENTRY_E) SHADE_TILT_EVENTS(SHADE_ENTRY_TE)
// clang-format on
#undef SHADE_ENTRY_V
#undef SHADE_ENTRY_TV
#undef SHADE_ENTRY_F
#undef SHADE_ENTRY_TF
#undef SHADE_ENTRY_E
#undef SHADE_ENTRY_TE
};

namespace event {
#define SHADE_EVENT_NAME(identifier, name, text) constexpr const char* identifier = name;
SHADE_EVENTS(SHADE_EVENT_NAME)
SHADE_TILT_EVENTS(SHADE_EVENT_NAME)
#undef SHADE_EVENT_NAME
}  // namespace event

}  // namespace shade
