#include "system/application.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "base/hex.h"
#include "base/json.h"
#include "base/log.h"
#include "base/monotonic.h"
#include "system/dynalib.h"
#include "system/flash_images.h"
#include "system/led.h"
#include "system/serve.h"
#include "system/services/panic.h"

namespace vphoton::system {
namespace {

using machine::Fault;
using machine::kRamBase;
using machine::kRamSize;
using machine::Stop;
using machine::StopReason;

constexpr machine::Traps kTraps;
// Instructions until the system has its turn: some five milliseconds.
constexpr uint64_t kSlice = 1000000;
// A tick of Device OS's scheduler, one millisecond, in which a Photon executes some 100 instructions a microsecond: a
// choice.
constexpr uint64_t kTick = 100000;
// What a call of the system counts as, in instructions: a choice.
constexpr uint64_t kCallCost = 50;
constexpr uint8_t kMainPriority = 2;  // Device OS 2.3.1: OS_THREAD_PRIORITY_DEFAULT
// Device OS 2.3.1: the stack of the application's thread. Here it lies at the end of the application's RAM.
constexpr uint32_t kStackSize = 6 * 1024;
constexpr uint32_t kStackTop = kRamBase + kRamSize;
constexpr uint32_t kStackBottom = kStackTop - kStackSize;
// Calls of the application within one another, each of which takes some of the host's stack. A choice: a Photon's stack
// ends before.
constexpr size_t kMostCalls = 64;
constexpr uint32_t kRetainedSize = 3072;
// Events and the like that a stopped application is told later; what comes beyond them is lost.
constexpr size_t kMostReleased = 256;
constexpr uint8_t kPinPriority = 0xD0;  // of pin interrupts. Device OS 2.3.1: 13 of 15

}  // namespace

Application::Application(Device& device, const ModuleImage& image, debug::DebugPort& debug_port,
                         const Attached& attached)
    : device_(device),
      schedule_(attached.schedule),
      instruments_(attached.instruments),
      registers_(device),
      memory_(flash_with(image, kTraps.host_calls), &registers_),
      processor_(memory_, kTraps),
      debugger_(debug_port.debugger()),
      threads_(processor_, {kMainThread, "application", kMainPriority, kStackBottom, kStackSize}),
      next_thread_(kMainThread),
      last_thread_(kMainThread),
      slice_left_(kSlice),
      tick_left_(kTick) {
  threads_.main().in_system = true;
  // Its handler of faults tells a division by zero from others. Device OS 2.3.1, core_hal_stm32f2xx.c.
  processor_.divide_by_zero_traps = true;
  processor_.regs.r[13] = kStackTop;
  processor_.regs.r[15] = kTraps.returned;
  debugger_.enter(*this);
  debug_port.begin_again();
  processor_.set_observer(instruments_);
  memory_.set_observer(instruments_);
  if (schedule_) schedule_->begins(*this);
}

Application::~Application() {
  if (schedule_) schedule_->ended();
  debugger_.leave();
}

const std::vector<Application::Served>& Application::tables() {
  static const std::vector<Served> all = [] {
    std::unordered_map<std::string_view, SystemFunction> there;
    for (const auto& function : system_function_list()) there.emplace(function.name, function);
    std::vector<Served> list;
    for (const auto& slot : dynalib()) {
      auto found = there.find(slot.name);
      list.push_back(found == there.end() ? Served() : Served{found->second.serve, found->second.name});
    }
    return list;
  }();
  return all;
}

std::unique_ptr<UserPart> Application::load(Device& device, const ModuleImage& image, debug::DebugPort& debug_port,
                                            std::string* reason, const Attached& attached) {
  std::unique_ptr<Application> made(new Application(device, image, debug_port, attached));
  if (made->start(reason)) return made;
  return nullptr;
}

bool Application::start(std::string* reason) {
  const uint8_t* prefix_end = memory_.bytes(kUserPartAddress + kModulePrefixSize, 4);
  uint32_t table;
  std::memcpy(&table, prefix_end, sizeof table);
  const uint8_t* user = memory_.bytes(table, sizeof user_);
  if (!user) {
    *reason = "has no table of its functions";
    return false;
  }
  std::memcpy(user_.data(), user, sizeof user_);
  std::memcpy(memory_.writable(kStackBottom, sizeof kStackMark), kStackMark, sizeof kStackMark);
  device_.attach_retained_memory(memory_.writable(machine::kBackupBase, kRetainedSize), kRetainedSize);
  const uint32_t heap = call(user_[0], {});
  if (heap < kRamBase || heap > kStackBottom) {
    *reason = "needs more RAM than an application has";
    return false;
  }
  heap_ = Heap(heap, kStackBottom);
  if (instruments_) heap_.set_check(&instruments_->memory());
  call(user_[1], {});
  return true;
}

uint32_t Application::static_ram() const { return kStackBottom - kRamBase - heap_.total(); }

void Application::setup() { call(user_[2], {}); }

void Application::loop() {
  const uint64_t began_us = monotonic_us(), before = processor_.executed(), calls_before = calls_;
  slice_left_ = kSlice;
  by_turns_ = false;  // it is the own thread's turn
  call(user_[3], {});
  ++loops_;
  loop_us_ += monotonic_us() - began_us;
  const uint64_t instructions = processor_.executed() - before;
  loop_instructions_ += instructions;
  most_loop_instructions_ = std::max(most_loop_instructions_, instructions);
  loop_calls_ += calls_ - calls_before;
  show_led_statuses(*this);
}

std::string Application::figures() const {
  std::string threads;  // the application's own is told of apart
  for (const Thread& each : threads_.all()) {
    if (each.handle == kMainThread) continue;
    threads += (threads.empty() ? "" : ",") + JsonObject()
                                                  .add("name", each.name)
                                                  .add("priority", static_cast<long long>(each.priority))
                                                  .add("most_stack", static_cast<long long>(most_stack(each)))
                                                  .add("stack_total", static_cast<long long>(each.stack_size))
                                                  .add("finished", each.finished)
                                                  .str();
  }
  return JsonObject()
      .add("instructions", static_cast<long long>(processor_.executed()))
      .add("loops", static_cast<long long>(loops_))
      .add("loop_instructions", static_cast<long long>(loop_instructions_))
      .add("loop_us", static_cast<long long>(loop_us_))
      .add("static_ram", static_cast<long long>(static_ram()))
      .add("heap_used", static_cast<long long>(heap_.used()))
      .add("heap_most_used", static_cast<long long>(heap_.most_used()))
      .add("heap_total", static_cast<long long>(heap_.total()))
      .add("heap_least_largest_free", static_cast<long long>(heap_.least_largest_free()))
      .add("loop_calls", static_cast<long long>(loop_calls_))
      .add("most_loop_instructions", static_cast<long long>(most_loop_instructions_))
      .add("most_stack", static_cast<long long>(most_stack(threads_.all().front())))
      .add("stack_total", static_cast<long long>(kStackSize))
      .add("longest_without_interrupts", static_cast<long long>(std::max(longest_off_, processor_.longest_masked())))
      .add_raw("threads", "[" + threads + "]")
      .add_raw("memory", instruments_ ? instruments_->memory().findings() : "null")
      .str();
}

// What the system begins is done on the application's own thread, whichever it interrupts. One whose call is being
// served has not run meanwhile, and has the processor again afterwards.
uint32_t Application::call(uint32_t function, std::initializer_list<uint32_t> arguments) {
  wait_while_stopped();
  Thread& before = threads_.current();
  const bool goes_on = before.in_system;
  switch_to(threads_.main());
  const uint32_t result = call_back(function, arguments);
  if (goes_on) switch_to(before);
  return result;
}

uint32_t Application::call_back(uint32_t function, std::initializer_list<uint32_t> arguments) {
  wait_while_stopped();
  if (processor_.calls() >= kMostCalls) panic(panic::kStackOverflow, "is called from within too many of its own calls");
  if (Fault bad = processor_.call(function, arguments)) fault(bad);
  if (instruments_) instruments_->entered(function);
  Thread& thread = threads_.current();
  const bool in_system = std::exchange(thread.in_system, false), waiting = std::exchange(thread.waiting, false);
  const bool returned = std::exchange(thread.returned, false);
  const char* before = std::exchange(serving_, "");
  const uint32_t last = std::exchange(last_thread_, thread.handle);
  run_to_return();
  last_thread_ = last;
  serving_ = before;
  thread.in_system = in_system;
  thread.waiting = waiting;
  thread.returned = returned;
  if (instruments_) instruments_->left();
  return static_cast<uint32_t>(processor_.finish_call());
}

void Application::set_scheduling(bool on) {
  if (!on)
    ++scheduling_off_;
  else if (scheduling_off_ > 0)
    --scheduling_off_;
}

void Application::set_interrupts(bool on) {
  if (!on && interrupts_on_) off_since_ = processor_.executed();
  if (on && !interrupts_on_) longest_off_ = std::max(longest_off_, processor_.executed() - off_since_);
  interrupts_on_ = on;
}

bool Application::interruptible() const { return interrupts_on_ && !interrupted_ && !processor_.masked(kPinPriority); }

// One that is pending already stays one, as in the NVIC.
void Application::interrupt(uint32_t function, uint32_t argument) {
  const std::pair<uint32_t, uint32_t> one{function, argument};
  if (std::find(pending_.begin(), pending_.end(), one) == pending_.end()) pending_.push_back(one);
  if (!debugger_.stopped()) take_pending();
}

void Application::when_released(std::function<void()> work) {
  if (!debugger_.stopped()) return work();
  if (released_.size() < kMostReleased) released_.push_back(std::move(work));
}

void Application::wait_while_stopped() {
  if (!debugger_.stopped()) return;
  while (debugger_.stopped()) device().stand_by();
  while (!released_.empty()) {
    const auto work = std::move(released_.front());
    released_.pop_front();
    work();
  }
  take_pending();
}

void Application::take_pending() {
  while (!pending_.empty() && interruptible()) {
    auto [function, argument] = pending_.front();
    pending_.erase(pending_.begin());
    interrupted_ = true;
    call(function, {argument});
    interrupted_ = false;
  }
}

// Others may run meanwhile; one of them that returns from a call which the system made before has to wait until this
// one is over.
void Application::run_to_return() {
  Thread& caller = threads_.current();
  while (!caller.returned) {
    if (caller.finished) throw Parked{};
    if (!threads_.alone()) choose_thread();
    step();
  }
  caller.returned = false;
  switch_to(caller);
}

uint64_t Application::budget() {
  const uint64_t slice = schedule_ ? schedule_->slice() : slice_left_;
  return debugger_.budget(threads_.alone() ? slice : std::min(slice, tick_left_));
}

void Application::systems_turn() {
  slice_left_ = kSlice;
  check_stack();
  if (schedule_)
    schedule_->turn();
  else
    device_.interlude();
  take_pending();
}

// The current thread executes until it calls the system, returns, or its slice or tick is over.
void Application::step() {
  debugger_.before_run();
  wait_while_stopped();
  if (std::exchange(last_thread_, threads_.current().handle) != last_thread_) tick_left_ = kTick;
  const uint64_t before = processor_.executed();
  const Stop stop = processor_.run(budget());
  const uint64_t executed = processor_.executed() - before;
  if (schedule_) schedule_->ran(executed);
  const uint64_t spent = executed + (stop.reason == StopReason::HostCall ? kCallCost : 0);
  slice_left_ -= std::min(slice_left_, spent);
  tick_left_ -= std::min(tick_left_, spent);
  if (tick_left_ == 0) {
    tick_left_ = kTick;
    by_turns_ = true;
  }
  if (schedule_ && !threads_.alone() && schedule_->ticks()) by_turns_ = true;
  if (debugger_.took(stop)) return;
  switch (stop.reason) {
    case StopReason::HostCall:
      serve(stop.address);
      if (slice_left_ == 0 && !schedule_) systems_turn();
      break;
    case StopReason::Returned:
      if (processor_.calls() == 0) return finish(threads_.current());
      threads_.current().returned = true;
      break;
    case StopReason::Budget:
      if (schedule_ || slice_left_ == 0 || !threads_.alone()) systems_turn();
      break;
    case StopReason::Wait:
      if (threads_.next(monotonic_us(), 0) == &threads_.current()) device_.delay(1);
      by_turns_ = true;
      take_pending();
      break;
    case StopReason::Fault:
      fault(stop.fault);
    case StopReason::SupervisorCall:
      panic(panic::kHardFault, "calls a supervisor that is not there");
    case StopReason::BreakpointInstruction:
      panic(panic::kHardFault, "meets a breakpoint without a debugger");
    case StopReason::Breakpoint:
    case StopReason::Watchpoint:
      break;
  }
}

void Application::serve(uint32_t address) {
  check_stack();
  ++calls_;
  const Served wanted = served(address);
  const char* before = std::exchange(serving_, wanted.name);
  if (schedule_) schedule_->calls(serving_);
  Thread& thread = threads_.current();
  thread.in_system = true;
  try {
    if (memory_.watching()) {
      const auto watched = debugger_.watched_bytes();
      wanted.serve(*this);
      debugger_.compare(watched);
    } else {
      wanted.serve(*this);
    }
  } catch (const Parked&) {
    thread.in_system = false;
    serving_ = before;
    return;
  }
  wait_while_stopped();
  debugger_.served();
  thread.in_system = false;
  thread.wait_is_over();
  serving_ = before;
  if (Fault bad = processor_.return_from_host_call()) fault(bad);
  if (!pending_.empty()) take_pending();
}

Application::Served Application::served(uint32_t address) {
  const size_t number = (address - kTraps.host_calls) / 4;
  if (number < tables_.size()) {
    if (tables_[number].serve) return tables_[number];
    const auto& slot = dynalib()[number];
    panic(panic::kAssertFailed, "calls " + std::string(slot.name) + ", which is not modelled (table " +
                                    std::string(slot.table) + ", index " + std::to_string(slot.index) + ")");
  }
  if (number - tables_.size() < own_functions_.size()) return own_functions_[number - tables_.size()];
  panic(panic::kHardFault, "calls " + hex_address(address) + ", which is no function");
}

void Application::check_stack() {
  Thread& thread = threads_.current();
  if (thread.finished) return;
  const uint32_t sp = processor_.regs.r[13];
  thread.lowest_sp = std::min(thread.lowest_sp, sp);
  const bool whole =
      std::memcmp(memory_.bytes(thread.stack_bottom, sizeof kStackMark), kStackMark, sizeof kStackMark) == 0;
  if (sp >= thread.stack_bottom && whole) return;
  const std::string whose = &thread == &threads_.main() ? "" : " in its thread \"" + thread.name + "\"";
  panic(panic::kStackOverflow, "uses more than its stack of " + std::to_string(thread.stack_size) + " bytes" + whose);
}

uint32_t Application::own_function(void (*serve)(Application&), const char* name) {
  const auto found = std::find_if(own_functions_.begin(), own_functions_.end(),
                                  [serve](const Served& each) { return each.serve == serve; });
  const auto number = tables_.size() + static_cast<size_t>(found - own_functions_.begin());
  if (found == own_functions_.end()) own_functions_.push_back({serve, name});
  return (kTraps.host_calls + 4 * static_cast<uint32_t>(number)) | 1;
}

}  // namespace vphoton::system
