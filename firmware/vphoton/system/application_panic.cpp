// How an application ends: what it did, its record in the log, SOS and the reset.
#include <cstdlib>

#include "base/hex.h"
#include "base/log.h"
#include "system/application.h"
#include "system/post_mortem.h"
#include "system/services/panic.h"

namespace vphoton::system {
namespace {

using machine::Fault;
using machine::FaultKind;

const char* name_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::None:
      break;
    case FaultKind::InstructionAccess:
      return "executes what is no code";
    case FaultKind::InstructionBus:
      return "executes where no memory is";
    case FaultKind::DataBus:
      return "reads or writes where it has no memory";
    case FaultKind::Undefined:
      return "executes an undefined instruction";
    case FaultKind::InvalidState:
      return "leaves Thumb state";
    case FaultKind::InvalidPc:
      return "returns to no exception's caller";
    case FaultKind::NoCoprocessor:
      return "uses a coprocessor";
    case FaultKind::Unaligned:
      return "accesses memory unaligned";
    case FaultKind::DivideByZero:
      return "divides by zero";
  }
  return "";
}

debug::Signal signal_of(uint32_t panic_code) {
  switch (panic_code) {
    case panic::kHardFault:
    case panic::kBusFault:
      return debug::Signal::Segment;
    case panic::kUsageFault:
      return debug::Signal::Arithmetic;
    default:
      return debug::Signal::Abort;
  }
}

}  // namespace

void Application::fault(const Fault& fault) {
  check_stack();
  // Device OS 2.3.1 takes all faults as hard faults and tells only a division by zero from others.
  const uint32_t code = fault.kind == FaultKind::DivideByZero ? panic::kUsageFault : panic::kHardFault;
  panic(code, name_of(fault.kind) + std::string(", address ") + hex_address(fault.address));
}

void Application::panic(uint32_t code, const std::string& why) {
  const auto& r = processor_.regs.r;
  log_warning("the application %s%s%s (pc %s, lr %s, sp %s); the device panics: %s", why.c_str(),
              *serving_ ? " in " : "", serving_, hex_address(r[15]).c_str(), hex_address(r[14]).c_str(),
              hex_address(r[13]).c_str(), panic::describe(code).c_str());
  log_record("panic", post_mortem({code, why, serving_, threads_.current().stack_top()}, processor_, memory_));
  debugger_.stop(signal_of(code),
                 "SOS " + std::to_string(code) + ", " + panic::describe(code) + ": the application " + why);
  wait_while_stopped();
  device_.reset(ResetReason::Panic, code);
  std::abort();  // what does not return is virtual
}

}  // namespace vphoton::system
