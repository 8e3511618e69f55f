#include "machine/processor.h"

#include <algorithm>

namespace vphoton::machine {

namespace {

constexpr uint32_t kFrameSize = 32;
constexpr uint32_t kFramePadded = 1u << 9;  // in the stacked xPSR: four bytes were skipped to align the stack to 8

}  // namespace

Processor::Processor(Memory& memory, const Traps& traps) : memory_(memory), traps_(traps) {}

Stop Processor::run(uint64_t budget) {
  stop_ = {};
  left_ = budget;
  executed_ += budget;
  const bool debugged = !breakpoints_.empty() || memory_.watching();
  if (observer_)
    execute<true, true>();
  else if (debugged)
    execute<true, false>();
  else
    execute<false, false>();
  executed_ -= left_;
  left_ = 0;
  return stop_;
}

// `pc` is the instruction under way, `next_` the one after it if there is a branch or an IT block.
template <bool Debugged, bool Observed>
void Processor::execute() {
  const Flash::Segment* first = memory_.flash().first();
  const Instruction* const decoded = first ? first->decoded.get() : nullptr;
  const uint32_t base = first ? first->base : 0;
  const uint32_t size = first ? first->kept : 0;
  const uint32_t passing = std::exchange(passing_, 1);
  uint32_t pc = regs.r[15];
  bool resumed = pc == passing;
  attention_ = false;
  try {
    while (left_ != 0) {
      if (Debugged && !std::exchange(resumed, false) &&
          std::find(breakpoints_.begin(), breakpoints_.end(), pc) != breakpoints_.end()) {
        stop_ = {StopReason::Breakpoint, pc, {}};
        passing_ = pc;
        break;
      }
      const uint32_t offset = pc - base;
      const bool kept = offset < size && decoded[offset / 2].execute != nullptr;
      if (!Debugged && kept && __builtin_expect(regs.state == 0, 1)) {
        pc = execute_straight(&decoded[offset / 2], pc);
        continue;
      }
      Instruction fetched;
      const Instruction* instruction = kept ? &decoded[offset / 2] : fetch(pc, fetched);
      if (instruction == nullptr) break;
      if (Observed) {
        regs.r[15] = pc;
        observer_->instruction(regs, regs.itstate() == 0 || ConditionPassed(regs.itstate() >> 4));
      }
      regs.r[15] = pc + 4;
      next_ = pc + 2 * instruction->halfwords;
      if (regs.state == 0)
        instruction->execute(*this, *instruction);
      else
        execute_unusual(*instruction, pc);
      if (Debugged) {
        uint32_t watched = 0;
        if (memory_.take_watched(watched) && stop_.reason == StopReason::Budget) stop(StopReason::Watchpoint, watched);
      }
      --left_;
      attention_ = false;
      pc = next_;
    }
  } catch (const Fault& fault) {
    --left_;
    stop_ = {StopReason::Fault, 0, fault};
    pc = regs.r[15] - 4;
  }
  regs.r[15] = pc;
}

// From one decoded instruction to the one behind it, until a branch, an IT block, the budget's end, or one that was
// not executed before. The address of the next one.
inline uint32_t Processor::execute_straight(const Instruction* instruction, uint32_t pc) {
  do {
    regs.r[15] = pc + 4;
    instruction->execute(*this, *instruction);
    --left_;
    if (attention_) {
      attention_ = false;
      return next_;
    }
    const uint32_t halfwords = instruction->halfwords;
    pc += 2 * halfwords;
    instruction += halfwords;
  } while (left_ != 0 && instruction->execute != nullptr);
  return pc;
}

const Instruction* Processor::fetch(uint32_t address, Instruction& fetched) {
  if (address - traps_.host_calls < traps_.size) {
    stop_ = {StopReason::HostCall, address, {}};
    return nullptr;
  }
  if (address == traps_.returned) {
    stop_ = {StopReason::Returned, address, {}};
    return nullptr;
  }
  try {
    fetched = memory_.fetch(address);
  } catch (const Fault& fault) {
    stop_ = {StopReason::Fault, 0, fault};
    return nullptr;
  }
  const Flash::Segment* segment = memory_.flash().find(address, 2u * fetched.halfwords);
  if (segment == nullptr || address - segment->base >= segment->kept) return &fetched;
  Instruction& kept = segment->decoded[(address - segment->base) / 2];
  kept = fetched;
  return &kept;
}

// After a branch out of Thumb state, and in an IT block.
void Processor::execute_unusual(const Instruction& instruction, uint32_t address) {
  if ((regs.state & Registers::kNotThumb) != 0) throw Fault{FaultKind::InvalidState, address};
  const uint8_t itstate = regs.itstate();
  if (instruction.it == InIt::Nowhere || (instruction.it == InIt::LastOnly && !LastInITBlock(itstate)))
    throw Fault{FaultKind::Undefined, address};
  const bool executed = instruction.unconditional || ConditionPassed(itstate >> 4);
  regs.state = ITAdvance(itstate);  // first, because an exception return brings another
  if (!executed) return;
  Instruction quiet;
  const bool flags_kept = instruction.flags == SetFlags::OutsideIt;
  if (flags_kept) {
    quiet = instruction;
    quiet.flags = SetFlags::Never;
  }
  try {
    instruction.execute(*this, flags_kept ? quiet : instruction);
  } catch (const Fault&) {
    regs.state = itstate;
    throw;
  }
}

void Processor::BXWritePC(uint32_t address) {
  if (regs.handler_mode() && address >> 28 == 0xF) return ExceptionReturn(address);
  if ((address & 1) == 0) regs.state |= Registers::kNotThumb;
  BranchWritePC(address);
}

// The instruction under way is the last, and counted when it is over.
void Processor::stop(StopReason reason, uint32_t address) {
  stop_ = {reason, address, {}};
  executed_ -= left_ - 1;
  left_ = 1;
}

bool Processor::take_event() { return std::exchange(event_, false); }

Fault Processor::return_from_host_call() {
  try {
    BXWritePC(regs.r[14]);
  } catch (const Fault& fault) {
    return fault;
  }
  regs.r[15] = next_;
  return {};
}

void Processor::begin(uint32_t function) {
  regs.r[15] = function & ~1u;
  regs.state = (function & 1) ? 0 : Registers::kNotThumb;
  regs.exclusive = false;
}

Fault Processor::call(uint32_t function, std::initializer_list<uint32_t> arguments) {
  constexpr size_t kInRegisters = 4;
  const size_t on_stack = arguments.size() > kInRegisters ? arguments.size() - kInRegisters : 0;
  const uint32_t sp = Align(regs.r[13] - static_cast<uint32_t>(4 * on_stack), 8);
  const uint32_t* argument = arguments.begin();
  try {
    for (size_t i = 0; i < on_stack; ++i)
      memory_.write<uint32_t>(sp + static_cast<uint32_t>(4 * i), argument[kInRegisters + i]);
  } catch (const Fault& fault) {
    return fault;
  }
  regs.exclusive = false;
  calls_.push_back(regs);
  std::copy_n(argument, std::min(arguments.size(), kInRegisters), regs.r);
  regs.r[13] = sp;
  regs.r[14] = traps_.returned | 1;
  begin(function);
  return {};
}

uint64_t Processor::finish_call() {
  const uint64_t result = uint64_t{regs.r[1]} << 32 | regs.r[0];
  regs = calls_.back();
  calls_.pop_back();
  return result;
}

Context Processor::thread(uint32_t function, uint32_t argument, uint32_t stack_top) const {
  Context context;
  Registers& registers = context.registers;
  registers.r[0] = argument;
  registers.r[13] = Align(stack_top, 8);
  registers.r[14] = traps_.returned | 1;
  registers.r[15] = function & ~1u;
  registers.state = (function & 1) ? 0 : Registers::kNotThumb;
  return context;
}

void Processor::exchange(Context& context) {
  regs.exclusive = false;
  std::swap(regs, context.registers);
  std::swap(calls_, context.calls);
}

// ExceptionEntry: PushStack and ExceptionTaken, with the handler's address given instead of a vector.
Fault Processor::interrupt(uint16_t exception, uint32_t handler, uint32_t argument) {
  const bool padded = (regs.r[13] & 4) != 0;
  const uint32_t frame = Align(regs.r[13] - kFrameSize, 8);
  const uint32_t words[] = {regs.r[0],  regs.r[1],  regs.r[2],  regs.r[3],
                            regs.r[12], regs.r[14], regs.r[15], regs.xpsr() | (padded ? kFramePadded : 0)};
  try {
    uint32_t address = frame;
    for (const uint32_t word : words) {
      memory_.write<uint32_t>(address, word);
      address += 4;
    }
  } catch (const Fault& fault) {
    return fault;
  }
  regs.r[13] = frame;
  regs.r[14] = regs.handler_mode() ? 0xFFFFFFF1 : regs.process_stack() ? 0xFFFFFFFD : 0xFFFFFFF9;
  if (regs.process_stack()) std::swap(regs.r[13], regs.other_sp);
  regs.control &= 1;
  regs.ipsr = exception;
  regs.r[0] = argument;
  begin(handler);
  send_event();
  return {};
}

// With PopStack.
void Processor::ExceptionReturn(uint32_t value) {
  const uint32_t mode = value & 0xF;
  const bool to_handler = mode == 1;
  const bool process = mode == 13;
  if (value >> 4 != 0xFFFFFFF || (mode != 1 && mode != 9 && mode != 13))
    throw Fault{FaultKind::InvalidPc, regs.r[15] - 4};
  const uint32_t frame = stack_pointer(process);
  uint32_t words[8];
  for (uint32_t i = 0; i < 8; ++i) words[i] = memory_.read<uint32_t>(frame + 4 * i);
  const uint32_t xpsr = words[7];
  if ((Bits(xpsr, 8, 0) != 0) != to_handler) throw Fault{FaultKind::InvalidPc, regs.r[15] - 4};
  std::copy_n(words, 4, regs.r);
  regs.r[12] = words[4];
  regs.r[14] = words[5];
  BranchWritePC(words[6]);
  set_stack_pointer(process, frame + kFrameSize + ((xpsr & kFramePadded) ? 4 : 0));
  regs.set_xpsr(xpsr & ~kFramePadded);
  if (process) {
    regs.control |= 2;
    std::swap(regs.r[13], regs.other_sp);
  }
  regs.faultmask = 0;
  regs.exclusive = false;
  send_event();
}

bool Processor::masked(uint8_t priority) const {
  return regs.primask != 0 || regs.faultmask != 0 || (regs.basepri != 0 && priority >= regs.basepri);
}

void Processor::mask_changed() {
  const bool now = regs.primask != 0 || regs.faultmask != 0 || regs.basepri != 0;
  if (now && !masked_) masked_since_ = executed();
  if (!now && masked_) longest_masked_ = std::max(longest_masked_, executed() - masked_since_);
  masked_ = now;
}

uint32_t Processor::stack_pointer(bool process) const {
  return process == regs.process_stack() ? regs.r[13] : regs.other_sp;
}

void Processor::set_stack_pointer(bool process, uint32_t value) {
  (process == regs.process_stack() ? regs.r[13] : regs.other_sp) = value & ~3u;
}

void Processor::set_control(uint8_t value) {
  const bool process = regs.process_stack();
  regs.control = regs.handler_mode() ? static_cast<uint8_t>((value & 1) | (regs.control & 2)) : value & 3;
  if (regs.process_stack() != process) std::swap(regs.r[13], regs.other_sp);
}

}  // namespace vphoton::machine
