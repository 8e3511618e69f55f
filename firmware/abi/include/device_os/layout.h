// Asserts that a structure of the interface lies in memory as the system expects it.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Sizes and offsets are those of a 32-bit machine with enumerations as small as their values allow.
#define ABI_SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type " has another size on a Photon")
#define ABI_FIELD(type, field, at) \
  static_assert(offsetof(type, field) == (at), #type "::" #field " lies elsewhere on a Photon")

typedef uint32_t system_tick_t;  // milliseconds, or microseconds, since start
typedef int32_t time32_t;        // seconds since 1970
