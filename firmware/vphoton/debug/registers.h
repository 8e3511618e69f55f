// A Cortex-M3's registers as GDB numbers them, and the two documents that describe the machine to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "machine/flash.h"
#include "machine/processor.h"

namespace vphoton::debug {

// In the order of the packet `g`: r0 ... r15, then 25 and following. Size in bytes.
struct RegisterPlace {
  const char* name;
  unsigned number;
  unsigned size;
};
constexpr RegisterPlace kRegisters[] = {
    {"r0", 0, 4},   {"r1", 1, 4},       {"r2", 2, 4},       {"r3", 3, 4},         {"r4", 4, 4},       {"r5", 5, 4},
    {"r6", 6, 4},   {"r7", 7, 4},       {"r8", 8, 4},       {"r9", 9, 4},         {"r10", 10, 4},     {"r11", 11, 4},
    {"r12", 12, 4}, {"sp", 13, 4},      {"lr", 14, 4},      {"pc", 15, 4},        {"xpsr", 25, 4},    {"msp", 26, 4},
    {"psp", 27, 4}, {"primask", 28, 1}, {"basepri", 29, 1}, {"faultmask", 30, 1}, {"control", 31, 1},
};

// Nothing for a number that is not in the list.
const RegisterPlace* find_register(unsigned number);
uint32_t read_register(const machine::Registers& registers, unsigned number);
// Only what an instruction could write: alignment of SP and PC, the exception number and which stack is in use stay.
void write_register(machine::Registers& registers, unsigned number, uint32_t value);

// Addresses that stand for the system, where GDB finds code all the same: base and size.
constexpr std::pair<uint32_t, uint32_t> kSeemingCode[] = {
    {machine::Traps{}.host_calls, machine::Traps{}.size},
    {machine::Traps{}.returned - 4, 8},
};

// Features org.gnu.gdb.arm.m-profile and m-system.
std::string target_description();
// Regions of the address space: flash, RAM, and the registers of the GPIO ports.
std::string memory_map(const machine::Flash& flash);

}  // namespace vphoton::debug
