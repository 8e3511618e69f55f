// The processor as its embedder sees it: budgets, stops, faults, calls, threads and exceptions.
#include "machine/processor.h"

#include <doctest/doctest.h>

#include "bench.h"

using namespace vphoton::machine;

namespace {

// One instruction with r0 ... r3 set, which faults and changes nothing.
Fault fault_of(std::initializer_list<uint16_t> code, std::initializer_list<uint32_t> values = {}) {
  Bench bench(code);
  int number = 0;
  for (const uint32_t value : values) bench.r(number++) = value;
  const Registers before = bench.processor.regs;
  const Stop stop = bench.processor.run(1);
  CHECK(stop.reason == StopReason::Fault);
  for (int n = 0; n < 16; ++n) CHECK(bench.r(n) == before.r[n]);
  CHECK(bench.processor.regs.xpsr() == before.xpsr());
  return stop.fault;
}

constexpr uint16_t kBxLr = 0x4770;
constexpr uint16_t kIncrement = 0x3001;  // ADDS r0, #1

}  // namespace

TEST_CASE("machine: a budget counts instructions, those skipped in IT blocks included") {
  Bench bench({0x2000, 0xBF0C, 0x3001, 0x3002, kIncrement, kIncrement});  // MOVS r0, #0; ITE EQ; ADD #1; ADD #2
  CHECK(bench.processor.run(0).reason == StopReason::Budget);
  CHECK(bench.pc() == kCode);
  CHECK(bench.processor.run(4).reason == StopReason::Budget);
  CHECK(bench.pc() == kCode + 8);
  CHECK(bench.r(0) == 1);
  CHECK(bench.processor.executed() == 4);
  bench.processor.run(1);
  CHECK(bench.r(0) == 2);
  CHECK(bench.processor.executed() == 5);
}

TEST_CASE("machine: a budget may end inside an IT block") {
  Bench bench({0x2000, 0xBF0C, 0x3001, 0x3002, kIncrement});
  for (int step = 0; step < 5; ++step) bench.processor.run(1);
  CHECK(bench.r(0) == 2);
  CHECK(bench.processor.regs.itstate() == 0);
}

TEST_CASE("machine: faults are precise") {
  CHECK(fault_of({0x6808}, {0, 0x10000000}).kind == FaultKind::DataBus);  // LDR r0, [r1]
  CHECK(fault_of({0x6808}, {0, 0x10000000}).address == 0x10000000);
  CHECK(fault_of({0x6008}, {0, kCode}).kind == FaultKind::DataBus);                    // STR r0, [r1]
  CHECK(fault_of({0xC906}, {0, kRamBase + kRamSize - 4}).kind == FaultKind::DataBus);  // LDM r1, {r1, r2}
  CHECK(fault_of({0xE9D1, 0x0200}, {0, kRamBase + 2}).kind == FaultKind::Unaligned);   // LDRD r0, r2, [r1]
  CHECK(fault_of({0xE891, 0x000D}, {0, kRamBase + 1}).kind == FaultKind::Unaligned);   // LDM.W r1, {r0, r2, r3}
  CHECK(fault_of({0xC10D}, {0, kRamBase + 2}).kind == FaultKind::Unaligned);           // STM r1!, {r0, r2, r3}
  CHECK(fault_of({0xE851, 0x0F00}, {0, kRamBase + 2}).kind == FaultKind::Unaligned);   // LDREX r0, [r1]
  CHECK(fault_of({0xDE00}).kind == FaultKind::Undefined);                              // UDF
  CHECK(fault_of({0xF7F0, 0xA000}).kind == FaultKind::Undefined);                      // UDF.W
  CHECK(fault_of({0xDE00}).address == kCode);
  CHECK(fault_of({0xEE00, 0x0A00}).kind == FaultKind::NoCoprocessor);  // CDP p10
  CHECK(fault_of({0xED91, 0x0A00}).kind == FaultKind::NoCoprocessor);  // VLDR: no FPU
  CHECK(fault_of({0xFAC0, 0xF001}).kind == FaultKind::Undefined);      // SSUB8 of the DSP extension
}

TEST_CASE("machine: faults have their exceptions") {
  CHECK(Fault{FaultKind::InstructionAccess, 0}.exception() == FaultClass::Memory);
  CHECK(Fault{FaultKind::DataBus, 0}.exception() == FaultClass::Bus);
  CHECK(Fault{FaultKind::DivideByZero, 0}.exception() == FaultClass::Usage);
}

TEST_CASE("machine: unaligned loads and stores are allowed where they are one access") {
  Bench bench({0x6008, 0x680A});  // STR r0, [r1]; LDR r2, [r1]
  bench.r(0) = 0x11223344;
  bench.r(1) = kRamBase + 3;
  CHECK(bench.processor.run(2).reason == StopReason::Budget);
  CHECK(bench.r(2) == 0x11223344);
}

TEST_CASE("machine: division by zero is 0, or a fault with DIV_0_TRP") {
  Bench bench({0xFB90, 0xF0F1, 0xFBB0, 0xF0F1});  // SDIV r0, r0, r1; UDIV
  bench.r(0) = 5;
  CHECK(bench.processor.run(2).reason == StopReason::Budget);
  CHECK(bench.r(0) == 0);
  for (const uint32_t address : {kCode, kCode + 4}) {
    bench.r(15) = address;
    bench.processor.divide_by_zero_traps = true;
    const Stop stop = bench.processor.run(1);
    CHECK(stop.fault.kind == FaultKind::DivideByZero);
    CHECK(stop.fault.address == address);
  }
}

TEST_CASE("machine: a branch out of Thumb state faults at its target") {
  Bench bench({0x4700});  // BX r0
  bench.r(0) = kRamBase;
  CHECK(bench.processor.run(1).reason == StopReason::Budget);
  const Stop stop = bench.processor.run(1);
  CHECK(stop.fault.kind == FaultKind::InvalidState);
  CHECK(stop.fault.address == kRamBase);
}

TEST_CASE("machine: instructions that may not be in an IT block are undefined there") {
  Bench conditional({0xBF18, 0xD000});  // IT NE; BEQ
  CHECK(conditional.processor.run(2).fault.kind == FaultKind::Undefined);
  CHECK(conditional.pc() == kCode + 2);
  CHECK(conditional.processor.regs.itstate() == 0x18);
  Bench early({0xBF04, kBxLr, 0xBF00});  // ITT EQ; BX LR
  CHECK(early.processor.run(2).fault.kind == FaultKind::Undefined);
}

TEST_CASE("machine: a host call stops at its address and returns to its caller") {
  Bench bench({0xB510, 0x4780, kIncrement, 0xBD10});  // PUSH {r4, lr}; BLX r0; ADDS r0, #1; POP {r4, pc}
  bench.r(0) = kTraps.host_calls + 8 + 1;
  Stop stop = bench.processor.run(100);
  CHECK(stop.reason == StopReason::HostCall);
  CHECK(stop.address == kTraps.host_calls + 8);
  bench.r(0) = 41;
  CHECK(!bench.processor.return_from_host_call());
  stop = bench.processor.run(100);
  CHECK(stop.reason == StopReason::Returned);
  CHECK(bench.r(0) == 42);
  CHECK(bench.r(13) == kStack);
}

TEST_CASE("machine: only the addresses of the range are host calls") {
  for (const uint32_t outside : {kTraps.host_calls - 2, kTraps.host_calls + kTraps.size}) {
    Bench bench({0x4700});
    bench.r(0) = outside | 1;
    CHECK(bench.processor.run(2).fault.kind == FaultKind::InstructionAccess);
  }
  Bench bench({0x4700});
  bench.r(0) = (kTraps.host_calls + kTraps.size - 2) | 1;
  CHECK(bench.processor.run(2).reason == StopReason::HostCall);
}

TEST_CASE("machine: a callback runs during a host call, and another during that") {
  // 0: PUSH {lr}; BLX r5; POP {pc}    6: ADDS r0, r0, r1; BX lr
  Bench bench({0xB500, 0x47A8, 0xBD00, 0x1840, kBxLr});
  bench.r(5) = kTraps.host_calls | 1;
  CHECK(bench.processor.run(100).reason == StopReason::HostCall);
  CHECK(!bench.processor.call(kCode | 1, {7, 8}));
  CHECK(bench.processor.calls() == 1);
  CHECK(bench.processor.run(100).reason == StopReason::HostCall);  // the callback calls the system, too
  CHECK(!bench.processor.call((kCode + 6) | 1, {30, 12}));
  CHECK(bench.processor.run(100).reason == StopReason::Returned);
  CHECK(static_cast<uint32_t>(bench.processor.finish_call()) == 42);
  CHECK(bench.r(0) == 7);
  bench.r(0) = 99;
  CHECK(!bench.processor.return_from_host_call());
  CHECK(bench.processor.run(100).reason == StopReason::Returned);
  CHECK(bench.processor.finish_call() == (uint64_t{8} << 32 | 99));
  CHECK(bench.processor.calls() == 0);
  CHECK(!bench.processor.return_from_host_call());
  CHECK(bench.processor.run(100).reason == StopReason::Returned);
  CHECK(bench.r(13) == kStack);
}

TEST_CASE("machine: arguments beyond the fourth are on an aligned stack") {
  Bench bench({kBxLr});
  bench.r(13) = kStack - 4;
  CHECK(!bench.processor.call(kCode | 1, {1, 2, 3, 4, 5, 6}));
  CHECK(bench.r(3) == 4);
  CHECK(bench.r(13) % 8 == 0);
  CHECK(bench.memory.read<uint32_t>(bench.r(13)) == 5);
  CHECK(bench.memory.read<uint32_t>(bench.r(13) + 4) == 6);
  CHECK(bench.processor.run(9).reason == StopReason::Returned);
  bench.processor.finish_call();
  CHECK(bench.r(13) == kStack - 4);

  bench.r(13) = kRamBase;
  const Fault fault = bench.processor.call(kCode | 1, {1, 2, 3, 4, 5});
  CHECK(fault.kind == FaultKind::DataBus);
  CHECK(bench.processor.calls() == 0);
  CHECK(bench.pc() == kCode);
}

TEST_CASE("machine: a call between instructions of an IT block leaves the block as it was") {
  Bench bench({0x2000, 0xBF0C, 0x3001, 0x3002, kIncrement, 0x2800, kBxLr});  // 10: CMP r0, #0; BX lr
  bench.processor.run(2);
  CHECK(!bench.processor.call((kCode + 10) | 1, {5}));
  CHECK(bench.processor.regs.itstate() == 0);
  CHECK(bench.processor.run(9).reason == StopReason::Returned);
  bench.processor.finish_call();
  bench.processor.run(2);
  CHECK(bench.r(0) == 1);
}

TEST_CASE("machine: an interrupt comes between any two instructions of an IT block") {
  for (int before = 0; before <= 5; ++before) {
    // MOVS r0, #0; ITTE EQ; ADD #1; ADD #2; ADD #4 (skipped)    12: MOVS r0, #0; CMP r0, #1; MOV r12, r0; BX lr
    Bench bench({0x2000, 0xBF06, 0x3001, 0x3002, 0x3004, kIncrement, 0x2000, 0x2801, 0x4684, kBxLr});
    bench.r(12) = 77;
    bench.processor.run(static_cast<uint64_t>(before));
    const Registers interrupted = bench.processor.regs;
    CHECK(!bench.processor.interrupt(16, (kCode + 12) | 1, 0));
    CHECK(bench.processor.regs.ipsr == 16);
    CHECK(bench.r(13) == kStack - 32);
    CHECK(bench.r(14) == 0xFFFFFFF9);
    bench.processor.run(4);
    for (int n = 0; n < 16; ++n) CHECK(bench.r(n) == interrupted.r[n]);
    CHECK(bench.processor.regs.xpsr() == interrupted.xpsr());
    bench.processor.run(static_cast<uint64_t>(6 - before));
    CHECK(bench.r(0) == 4);
    CHECK(bench.r(12) == 77);
  }
}

TEST_CASE("machine: interrupts nest, and align the stack") {
  Bench bench({kIncrement, kIncrement, kBxLr});
  bench.r(13) = kStack - 4;
  CHECK(!bench.processor.interrupt(17, (kCode + 4) | 1, 5));
  CHECK(bench.r(13) % 8 == 0);
  CHECK(bench.r(0) == 5);
  CHECK(!bench.processor.interrupt(18, (kCode + 2) | 1, 6));
  CHECK(bench.r(14) == 0xFFFFFFF1);
  CHECK(bench.processor.run(2).reason == StopReason::Budget);
  CHECK(bench.processor.regs.ipsr == 17);
  CHECK(bench.r(0) == 5);
  bench.processor.run(1);
  CHECK(bench.processor.regs.ipsr == 0);
  CHECK(bench.r(13) == kStack - 4);
  CHECK(bench.pc() == kCode);
}

TEST_CASE("machine: an interrupt of a thread on the process stack uses that, and runs on the main stack") {
  Bench bench({kBxLr});
  bench.processor.set_stack_pointer(true, kRamBase + 0x1000);
  bench.processor.set_control(2);
  CHECK(bench.r(13) == kRamBase + 0x1000);
  CHECK(!bench.processor.interrupt(16, kCode | 1));
  CHECK(bench.r(14) == 0xFFFFFFFD);
  CHECK(bench.r(13) == kStack);
  CHECK(bench.processor.stack_pointer(true) == kRamBase + 0x1000 - 32);
  bench.processor.run(1);
  CHECK(bench.r(13) == kRamBase + 0x1000);
  CHECK(bench.processor.regs.control == 2);
}

TEST_CASE("machine: an interrupt without room on the stack is a fault, and changes nothing") {
  Bench bench({kBxLr});
  bench.r(13) = kRamBase + 8;
  CHECK(bench.processor.interrupt(16, kCode | 1).kind == FaultKind::DataBus);
  CHECK(bench.r(13) == kRamBase + 8);
  CHECK(bench.processor.regs.ipsr == 0);
}

TEST_CASE("machine: a bad exception return is a fault") {
  Bench bench({kBxLr});
  CHECK(!bench.processor.interrupt(16, kCode | 1));
  bench.r(14) = 0xFFFFFFF1;  // to Handler mode, where Thread mode was interrupted
  CHECK(bench.processor.run(1).fault.kind == FaultKind::InvalidPc);
  bench.r(14) = 0xFFFFFFF3;
  CHECK(bench.processor.run(1).fault.kind == FaultKind::InvalidPc);
  bench.r(14) = 0xFFFFFFF9;
  CHECK(bench.processor.run(1).reason == StopReason::Budget);
}

TEST_CASE("machine: an exception clears the monitor of exclusive accesses") {
  for (const bool interrupted : {false, true}) {
    Bench bench({0xE851, 0x0F00, 0xE841, 0x0200, kBxLr});  // LDREX r0, [r1]; STREX r2, r0, [r1]
    bench.r(1) = kRamBase;
    bench.r(2) = 9;
    bench.processor.run(1);
    if (interrupted) {
      CHECK(!bench.processor.interrupt(16, (kCode + 8) | 1));
      bench.processor.run(1);
    }
    bench.processor.run(1);
    CHECK(bench.r(2) == (interrupted ? 1 : 0));
  }
}

TEST_CASE("machine: calls and switches of threads clear the monitor, too") {
  Bench bench({0xE851, 0x0F00, 0xE841, 0x0200, kBxLr});
  bench.r(1) = kRamBase;
  bench.processor.run(1);
  CHECK(!bench.processor.call((kCode + 8) | 1, {}));
  bench.processor.run(9);
  bench.processor.finish_call();
  CHECK(!bench.processor.regs.exclusive);
  bench.r(15) = kCode;
  bench.processor.run(1);
  Context other = bench.processor.thread(kCode | 1, 0, kRamBase + 0x800);
  bench.processor.exchange(other);
  bench.processor.exchange(other);
  CHECK(!bench.processor.regs.exclusive);
}

TEST_CASE("machine: threads have registers, a stack and calls of their own") {
  Bench bench({kIncrement, kIncrement, kBxLr});
  bench.processor.run(1);
  CHECK(!bench.processor.call(kCode | 1, {100}));
  Context other = bench.processor.thread(kCode | 1, 40, kRamBase + 0x804);
  bench.processor.exchange(other);
  CHECK(bench.processor.calls() == 0);
  CHECK(bench.r(13) == kRamBase + 0x800);
  CHECK(bench.processor.run(100).reason == StopReason::Returned);
  CHECK(bench.r(0) == 42);
  bench.processor.exchange(other);
  CHECK(bench.processor.calls() == 1);
  CHECK(bench.processor.run(100).reason == StopReason::Returned);
  CHECK(static_cast<uint32_t>(bench.processor.finish_call()) == 102);
  CHECK(bench.pc() == kCode + 2);
}

TEST_CASE("machine: masks keep interrupts out") {
  Bench bench({0xB672, 0xB662, 0xB671, 0xB661});  // CPSID i; CPSIE i; CPSID f; CPSIE f
  Processor& processor = bench.processor;
  CHECK(!processor.masked(0));
  processor.run(1);
  CHECK(processor.masked(0));
  processor.run(1);
  CHECK(!processor.masked(0));
  processor.run(1);
  CHECK(processor.masked(0));
  processor.run(1);
  processor.regs.basepri = 0x40;
  CHECK(!processor.masked(0x30));
  CHECK(processor.masked(0x40));
}

TEST_CASE("machine: unprivileged code changes no mask") {
  Bench bench({0xB672, 0xF380, 0x8811, 0xF380, 0x8814});  // CPSID i; MSR BASEPRI, r0; MSR CONTROL, r0
  bench.processor.set_control(1);
  bench.r(0) = 0x40;
  CHECK(bench.processor.run(3).reason == StopReason::Budget);
  CHECK(bench.processor.regs.primask == 0);
  CHECK(bench.processor.regs.basepri == 0);
  CHECK(bench.processor.regs.control == 1);
}

TEST_CASE("machine: hints wait or go on") {
  Bench bench({0xBF30, 0xBF20, 0xBF40, 0xBF20, 0xBF10, 0xBF20});  // WFI; WFE; SEV; WFE; YIELD; WFE
  CHECK(bench.processor.run(100).reason == StopReason::Wait);
  CHECK(bench.pc() == kCode + 2);
  CHECK(bench.processor.run(100).reason == StopReason::Wait);
  CHECK(bench.pc() == kCode + 4);
  CHECK(bench.processor.executed() == 2);
  CHECK(bench.processor.run(100).reason == StopReason::Wait);
  CHECK(bench.pc() == kCode + 12);
}

TEST_CASE("machine: BKPT stops at itself, SVC behind itself") {
  Bench bench({0xBF18, 0xBE2A, 0xDF2B});  // IT NE does not skip BKPT
  bench.processor.regs.z = true;
  Stop stop = bench.processor.run(100);
  CHECK(stop.reason == StopReason::BreakpointInstruction);
  CHECK(stop.address == 0x2A);
  CHECK(bench.pc() == kCode + 2);
  bench.r(15) = kCode + 4;
  stop = bench.processor.run(100);
  CHECK(stop.reason == StopReason::SupervisorCall);
  CHECK(stop.address == 0x2B);
  CHECK(bench.pc() == kCode + 6);
}

TEST_CASE("machine: a breakpoint stops before its instruction, once each time it is reached") {
  Bench bench({kIncrement, kIncrement, 0xE7FC});  // and back to the first
  bench.processor.set_breakpoints({kCode + 2});
  for (uint32_t round = 1; round < 4; ++round) {
    const Stop stop = bench.processor.run(100);
    CHECK(stop.reason == StopReason::Breakpoint);
    CHECK(bench.pc() == kCode + 2);
    CHECK(bench.r(0) == 2 * round - 1);
  }
  bench.r(15) = kCode;
  CHECK(bench.processor.run(1).reason == StopReason::Budget);
  CHECK(bench.processor.run(1).reason == StopReason::Breakpoint);
  bench.processor.set_breakpoints({});
  CHECK(bench.processor.run(7).reason == StopReason::Budget);
}

TEST_CASE("machine: a watchpoint stops after the access") {
  Bench bench({0x6008, 0x680A, 0x6048});  // STR r0, [r1]; LDR r2, [r1]; STR r0, [r1, #4]
  bench.r(1) = kRamBase;
  bench.memory.set_watchpoints({{kRamBase + 2, 1, true, false}, {kRamBase + 4, 1, false, true}});
  Stop stop = bench.processor.run(100);
  CHECK(stop.reason == StopReason::Watchpoint);
  CHECK(stop.address == kRamBase);
  CHECK(bench.pc() == kCode + 4);
  stop = bench.processor.run(100);
  CHECK(stop.reason == StopReason::Watchpoint);
  CHECK(stop.address == kRamBase + 4);
  CHECK(bench.pc() == kCode + 6);
}

TEST_CASE("machine: code in RAM may change itself") {
  Bench bench({});
  bench.memory.write<uint16_t>(kRamBase, 0x8008);      // STRH r0, [r1]
  bench.memory.write<uint16_t>(kRamBase + 2, 0xDE00);  // UDF, which it replaces
  bench.r(0) = 0x2A07;                                 // CMP r2, #7
  bench.r(1) = kRamBase + 2;
  bench.r(2) = 7;
  bench.r(15) = kRamBase;
  CHECK(bench.processor.run(2).reason == StopReason::Budget);
  CHECK(bench.processor.regs.z);
}

TEST_CASE("machine: devices share flash and nothing else") {
  const auto flash = flash_of({kIncrement, kBxLr});
  Memory first_memory(flash), second_memory(flash);
  Processor first(first_memory, kTraps), second(second_memory, kTraps);
  for (Processor* processor : {&first, &second}) processor->regs.r[15] = kCode;
  first_memory.write<uint32_t>(kRamBase, 1);
  first.run(1);
  CHECK(second.regs.r[0] == 0);
  CHECK(second_memory.read<uint32_t>(kRamBase) == 0);
  second.run(1);
  CHECK(second.regs.r[0] == 1);
}
