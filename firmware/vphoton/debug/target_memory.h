// An application's memory as its debugger sees it: no access faults, and none counts as the application's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "machine/memory.h"

namespace vphoton::debug {

// What the application could read there, byte by byte or in registers' own sizes; as much as there is.
std::string readable(machine::Memory& memory, uint32_t address, size_t size);
// False: it could not write all of it.
bool write(machine::Memory& memory, uint32_t address, const std::string& data);

}  // namespace vphoton::debug
