// Negative results of the cloud functions and console commands, and fault codes; docs/surface.md lists both.
#pragma once

#include <stdint.h>

// X(identifier, value, text)
#define SHADE_RESULTS(X)                                                                     \
  X(kBadArgument, -1, "not understood or out of range; nothing was changed")                 \
  X(kBusy, -2, "not while the shade moves; nothing was changed")                             \
  X(kFaulted, -3, "the motor did not obey; `move stop` tries it again and clears the fault") \
  X(kNotStored, -4, "it could not be stored; the old value is kept")                         \
  X(kUpdating, -5, "not while an update arrives; nothing was changed")                       \
  X(kTooHot, -6, "not before the motor has cooled; nothing was changed")

// X(identifier, code, name, text)
#define SHADE_FAULTS(X)                                                                                          \
  X(None, 0, "none", "")                                                                                         \
  X(Driver, 1, "driver", "an output did not obey")                                                               \
  X(Storage, 2, "storage", "settings or position could not be stored; cleared by the next write that works")     \
  X(SettingsLost, 3, "settings_lost",                                                                            \
    "what was stored is damaged or another kind of variant's; cleared by `calibrate`")                           \
  X(Stalled, 4, "stalled", "driven, and nothing turns")                                                          \
  X(Slipped, 5, "slipped", "the motor turned beyond the end, and the end was not there")                         \
  X(Encoder, 6, "encoder", "pulses were lost or came out of order")                                              \
  X(NoAnswer, 7, "no_answer", "the motor does not answer")                                                       \
  X(Checksum, 8, "checksum", "the motor's answers arrive damaged")                                               \
  X(Collision, 9, "collision", "what was sent came back changed: somebody else talks on the bus")                \
  X(Contradiction, 10, "contradiction", "both limit switches are closed")                                        \
  X(EndMissing, 11, "end_missing", "the end was not met in time: the motor stands or its switch stays open")     \
  X(EndHeld, 12, "end_held", "the switch of the end that was left stays closed, or the motor stands")            \
  X(Overrun, 13, "overrun", "it went on moving after it was stopped")                                            \
  X(LoopStalled, 14, "loop_stalled", "the application stood still while the shade moved; the motor was stopped") \
  X(Backwards, 15, "backwards", "the motor turns against the direction it is driven in: crossed wires")          \
  X(TooLong, 16, "too_long", "it ran longer than any way takes, and was stopped")                                \
  X(Overheated, 17, "overheated", "it ran longer than its motor bears, and was stopped")                         \
  X(WrongBoard, 18, "wrong_board",                                                                               \
    "the board belongs to another variant: no output is touched; cleared by `board`, on the console")

namespace shade {

enum Result {
#define SHADE_RESULT_VALUE(identifier, value, text) identifier = value,
  SHADE_RESULTS(SHADE_RESULT_VALUE)
#undef SHADE_RESULT_VALUE
};

enum class Fault : uint8_t {
#define SHADE_FAULT_VALUE(identifier, code, name, text) identifier = code,
  SHADE_FAULTS(SHADE_FAULT_VALUE)
#undef SHADE_FAULT_VALUE
};

inline const char* fault_text(Fault fault) {
  switch (fault) {
#define SHADE_FAULT_NAME(identifier, code, name, text) \
  case Fault::identifier:                              \
    return name;
    SHADE_FAULTS(SHADE_FAULT_NAME)
#undef SHADE_FAULT_NAME
  }
  return "unknown";
}

}  // namespace shade
