#include "machine/execute_control.h"

#include <array>
#include <utility>

#include "machine/processor.h"

namespace vphoton::machine {

namespace {

uint32_t own_address(const Processor& p) { return p.regs.r[15] - 4; }

// SYSm of the special registers.
enum Special : uint32_t {
  kApsr = 0,
  kIapsr = 1,
  kEapsr = 2,
  kXpsr = 3,
  kIpsr = 5,
  kEpsr = 6,
  kIepsr = 7,
  kMsp = 8,
  kPsp = 9,
  kPrimask = 16,
  kBasepri = 17,
  kBasepriMax = 18,
  kFaultmask = 19,
  kControl = 20,
};

template <uint32_t condition>
void branch_on(Processor& p, const Instruction& i) {
  if (p.ConditionPassed(condition)) p.BranchWritePC(p.regs.r[15] + i.imm);
}

template <size_t... condition>
constexpr std::array<Execute, sizeof...(condition)> branches(std::index_sequence<condition...>) {
  return {branch_on<condition>...};
}

constexpr auto kBranches = branches(std::make_index_sequence<16>());

constexpr uint32_t kPriorityBits = 0xF0;  // the STM32F2 has 16 levels of priority

}  // namespace

void undefined(Processor& p, const Instruction&) { throw Fault{FaultKind::Undefined, own_address(p)}; }

void no_coprocessor(Processor& p, const Instruction&) { throw Fault{FaultKind::NoCoprocessor, own_address(p)}; }

void branch(Processor& p, const Instruction& i) { p.BranchWritePC(p.regs.r[15] + i.imm); }

Execute branch_if(uint32_t condition) { return kBranches[condition & 15]; }

void branch_with_link(Processor& p, const Instruction& i) {
  p.regs.r[14] = p.regs.r[15] | 1;
  p.BranchWritePC(p.regs.r[15] + i.imm);
}

void branch_exchange(Processor& p, const Instruction& i) { p.BXWritePC(p.regs.r[i.m]); }

void branch_link_exchange(Processor& p, const Instruction& i) {
  const uint32_t target = p.regs.r[i.m];
  p.regs.r[14] = (p.regs.r[15] - 2) | 1;
  if ((target & 1) == 0) p.regs.state |= Registers::kNotThumb;
  p.BranchWritePC(target);
}

void compare_branch_zero(Processor& p, const Instruction& i) {
  if (p.regs.r[i.n] == 0) p.BranchWritePC(p.regs.r[15] + i.imm);
}

void compare_branch_nonzero(Processor& p, const Instruction& i) {
  if (p.regs.r[i.n] != 0) p.BranchWritePC(p.regs.r[15] + i.imm);
}

void if_then(Processor& p, const Instruction& i) { p.begin_it_block(static_cast<uint8_t>(i.imm)); }

void no_operation(Processor&, const Instruction&) {}

void wait_for_interrupt(Processor& p, const Instruction&) { p.stop(StopReason::Wait); }

void wait_for_event(Processor& p, const Instruction&) {
  if (!p.take_event()) p.stop(StopReason::Wait);
}

void signal_event(Processor& p, const Instruction&) { p.send_event(); }

void breakpoint(Processor& p, const Instruction& i) {
  p.BranchWritePC(own_address(p));
  p.stop(StopReason::BreakpointInstruction, i.imm);
}

void supervisor_call(Processor& p, const Instruction& i) { p.stop(StopReason::SupervisorCall, i.imm); }

bool is_special(uint32_t sysm) {
  return sysm <= kXpsr || (sysm >= kIpsr && sysm <= kPsp) || (sysm >= kPrimask && sysm <= kControl);
}

// EPSR reads as 0, and so does what only privileged code may see.
void read_special(Processor& p, const Instruction& i) {
  const Registers& regs = p.regs;
  uint32_t value = 0;
  switch (i.imm) {
    case kApsr:
    case kEapsr:
      value = regs.apsr();
      break;
    case kIapsr:
    case kXpsr:
      value = regs.apsr() | regs.ipsr;
      break;
    case kIpsr:
    case kIepsr:
      value = regs.ipsr;
      break;
    case kMsp:
    case kPsp:
      if (regs.privileged()) value = p.stack_pointer(i.imm == kPsp);
      break;
    case kPrimask:
      if (regs.privileged()) value = regs.primask;
      break;
    case kBasepri:
    case kBasepriMax:
      if (regs.privileged()) value = regs.basepri;
      break;
    case kFaultmask:
      if (regs.privileged()) value = regs.faultmask;
      break;
    case kControl:
      value = regs.control;
      break;
    default:
      break;
  }
  p.write(i.d, value);
}

void write_special(Processor& p, const Instruction& i) {
  Registers& regs = p.regs;
  const uint32_t value = regs.r[i.n];
  if (i.imm <= kXpsr) return regs.set_apsr(value);
  if (!regs.privileged()) return;
  const auto priority = static_cast<uint8_t>(value & kPriorityBits);
  switch (i.imm) {
    case kMsp:
    case kPsp:
      return p.set_stack_pointer(i.imm == kPsp, value);
    case kPrimask:
      regs.primask = value & 1;
      return p.mask_changed();
    case kBasepri:
      regs.basepri = priority;
      return p.mask_changed();
    case kBasepriMax:
      if (priority != 0 && (regs.basepri == 0 || priority < regs.basepri)) regs.basepri = priority;
      return p.mask_changed();
    case kFaultmask:
      regs.faultmask = value & 1;
      return p.mask_changed();
    case kControl:
      return p.set_control(static_cast<uint8_t>(value));
    default:
      return;  // IPSR and EPSR are read-only
  }
}

void change_state(Processor& p, const Instruction& i) {
  if (!p.regs.privileged()) return;
  if (Bit(i.imm, 1)) p.regs.primask = i.a;
  if (Bit(i.imm, 0)) p.regs.faultmask = i.a;
  p.mask_changed();
}

}  // namespace vphoton::machine
