// A fault of the processor: precise, raised before the instruction at fault has changed any register.
#pragma once

#include <cstdint>

namespace vphoton::machine {

// Named as the bits of the Configurable Fault Status Register.
enum class FaultKind : uint8_t {
  None,
  InstructionAccess,  // MemManage, IACCVIOL: executed where the memory map says execute never
  InstructionBus,     // BusFault, IBUSERR: executed where nothing is
  DataBus,            // BusFault, PRECISERR: read or written where nothing is, or written to read-only memory
  Undefined,          // UsageFault, UNDEFINSTR: also every UNPREDICTABLE encoding
  InvalidState,       // UsageFault, INVSTATE: left Thumb state
  InvalidPc,          // UsageFault, INVPC: bad value in an exception return
  NoCoprocessor,      // UsageFault, NOCP
  Unaligned,          // UsageFault, UNALIGNED
  DivideByZero,       // UsageFault, DIVBYZERO: only with CCR.DIV_0_TRP set
};

enum class FaultClass : uint8_t { None, Memory, Bus, Usage };

struct Fault {
  FaultKind kind = FaultKind::None;
  uint32_t address = 0;  // of the data for DataBus and Unaligned, else of the instruction

  explicit operator bool() const { return kind != FaultKind::None; }

  // The exception a Cortex-M3 takes for it.
  FaultClass exception() const {
    switch (kind) {
      case FaultKind::None:
        return FaultClass::None;
      case FaultKind::InstructionAccess:
        return FaultClass::Memory;
      case FaultKind::InstructionBus:
      case FaultKind::DataBus:
        return FaultClass::Bus;
      default:
        return FaultClass::Usage;
    }
  }
};

}  // namespace vphoton::machine
