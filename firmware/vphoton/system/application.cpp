#include "system/application.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "core/json.h"
#include "core/log.h"
#include "core/monotonic.h"
#include "core/panic.h"
#include "system/dynalib.h"
#include "system/flash_images.h"
#include "system/led.h"
#include "system/post_mortem.h"
#include "system/serve.h"

namespace vphoton::system {
namespace {

using machine::Fault;
using machine::FaultKind;
using machine::kRamBase;
using machine::kRamSize;
using machine::Stop;
using machine::StopReason;

constexpr machine::Traps kTraps;
// Instructions until the system has its turn: some five milliseconds.
constexpr uint64_t kSlice = 1000000;
// Device OS 2.3.1: the stack of the application's thread. Here it lies at the end of the application's RAM.
constexpr uint32_t kStackSize = 6 * 1024;
constexpr uint32_t kStackTop = kRamBase + kRamSize;
constexpr uint32_t kStackBottom = kStackTop - kStackSize;
// Device OS: what lies at the end of a stack is looked at, and means that it is too small when it has changed.
constexpr uint64_t kStackMark[] = {0xA5A5A5A5A5A5A5A5, 0xA5A5A5A5A5A5A5A5};
// Calls of the application within one another, each of which takes some of the host's stack. A choice: a Photon's stack
// ends before.
constexpr size_t kMostCalls = 64;
constexpr uint32_t kRetainedSize = 3072;
constexpr uint32_t kMostText = kRamSize;
// Events and the like that a stopped application is told later; what comes beyond them is lost.
constexpr size_t kMostReleased = 256;
constexpr uint8_t kPinPriority = 0xD0;  // of pin interrupts. Device OS 2.3.1: 13 of 15

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

std::string hex(uint32_t value) {
  char text[16];
  snprintf(text, sizeof text, "0x%08x", value);
  return text;
}

}  // namespace

Application::Application(Device& device, const ModuleImage& image, debug::DebugPort& debug_port,
                         const Attached& attached)
    : device_(device),
      schedule_(attached.schedule),
      instruments_(attached.instruments),
      registers_(device),
      memory_(flash_with(image, kTraps.host_calls), &registers_),
      processor_(memory_, kTraps),
      debugger_(debug_port.debugger()) {
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
  heap_ = std::make_unique<Heap>(heap, kStackBottom);
  if (instruments_) heap_->set_check(&instruments_->memory());
  call(user_[1], {});
  return true;
}

uint32_t Application::static_ram() const { return kStackBottom - kRamBase - heap_->total(); }

void Application::setup() { call(user_[2], {}); }

void Application::loop() {
  const uint64_t began_us = monotonic_us(), before = processor_.executed(), calls_before = calls_;
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
  return JsonObject()
      .add("instructions", static_cast<long long>(processor_.executed()))
      .add("loops", static_cast<long long>(loops_))
      .add("loop_instructions", static_cast<long long>(loop_instructions_))
      .add("loop_us", static_cast<long long>(loop_us_))
      .add("static_ram", static_cast<long long>(static_ram()))
      .add("heap_used", static_cast<long long>(heap_->used()))
      .add("heap_most_used", static_cast<long long>(heap_->most_used()))
      .add("heap_total", static_cast<long long>(heap_->total()))
      .add("heap_least_largest_free", static_cast<long long>(heap_->least_largest_free()))
      .add("loop_calls", static_cast<long long>(loop_calls_))
      .add("most_loop_instructions", static_cast<long long>(most_loop_instructions_))
      .add("most_stack", static_cast<long long>(most_stack()))
      .add("stack_total", static_cast<long long>(kStackSize))
      .add("longest_without_interrupts", static_cast<long long>(std::max(longest_off_, processor_.longest_masked())))
      .add_raw("memory", instruments_ ? instruments_->memory().findings() : "null")
      .str();
}

uint32_t Application::call(uint32_t function, std::initializer_list<uint32_t> arguments) {
  wait_while_stopped();
  if (processor_.calls() >= kMostCalls) panic(panic::kStackOverflow, "is called from within too many of its own calls");
  if (Fault bad = processor_.call(function, arguments)) fault(bad);
  if (instruments_) instruments_->entered(function);
  const char* before = std::exchange(serving_, "");
  run_to_return();
  serving_ = before;
  if (instruments_) instruments_->left();
  return static_cast<uint32_t>(processor_.finish_call());
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

void Application::run_to_return() {
  while (true) {
    debugger_.before_run();
    wait_while_stopped();
    const uint64_t before = processor_.executed();
    const Stop stop = processor_.run(debugger_.budget(schedule_ ? schedule_->slice() : kSlice));
    if (schedule_) schedule_->ran(processor_.executed() - before);
    if (debugger_.took(stop)) continue;
    switch (stop.reason) {
      case StopReason::HostCall:
        serve(stop.address);
        break;
      case StopReason::Returned:
        return;
      case StopReason::Budget:
        check_stack();
        if (schedule_)
          schedule_->turn();
        else
          device_.interlude();
        take_pending();
        break;
      case StopReason::Wait:
        device_.delay(1);
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
}

void Application::serve(uint32_t address) {
  check_stack();
  ++calls_;
  const Served wanted = served(address);
  const char* before = std::exchange(serving_, wanted.name);
  if (schedule_) schedule_->calls(serving_);
  if (memory_.watching()) {
    const auto watched = debugger_.watched_bytes();
    wanted.serve(*this);
    debugger_.compare(watched);
  } else {
    wanted.serve(*this);
  }
  wait_while_stopped();
  debugger_.served();
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
  panic(panic::kHardFault, "calls " + hex(address) + ", which is no function");
}

// By where the stack pointer was seen, and by what was written below it in between.
uint32_t Application::most_stack() const {
  const uint8_t* stack = memory_.bytes(kStackBottom, kStackSize);
  const uint8_t* end = stack + kStackSize;
  const uint8_t* written = std::find_if(stack + sizeof kStackMark, end, [](uint8_t byte) { return byte; });
  const auto deepest = (static_cast<uint32_t>(end - written) + 3) & ~3u;
  return lowest_sp_ > kStackTop ? deepest : std::max(deepest, kStackTop - std::max(lowest_sp_, kStackBottom));
}

void Application::check_stack() {
  lowest_sp_ = std::min(lowest_sp_, processor_.regs.r[13]);
  const bool whole = std::memcmp(memory_.bytes(kStackBottom, sizeof kStackMark), kStackMark, sizeof kStackMark) == 0;
  if (processor_.regs.r[13] < kStackBottom || !whole) panic(panic::kStackOverflow, "uses more than its stack of 6 KB");
}

void Application::fault(const Fault& fault) {
  check_stack();
  // Device OS 2.3.1 takes all faults as hard faults and tells only a division by zero from others.
  const uint32_t code = fault.kind == FaultKind::DivideByZero ? panic::kUsageFault : panic::kHardFault;
  panic(code, name_of(fault.kind) + std::string(", address ") + hex(fault.address));
}

void Application::panic(uint32_t code, const std::string& why) {
  const auto& r = processor_.regs.r;
  log_warning("the application %s%s%s (pc %s, lr %s, sp %s); the device panics: %s", why.c_str(),
              *serving_ ? " in " : "", serving_, hex(r[15]).c_str(), hex(r[14]).c_str(), hex(r[13]).c_str(),
              panic::describe(code).c_str());
  log_record("panic", post_mortem({code, why, serving_}, processor_, memory_));
  debugger_.stop(signal_of(code),
                 "SOS " + std::to_string(code) + ", " + panic::describe(code) + ": the application " + why);
  wait_while_stopped();
  device_.reset(ResetReason::Panic, code);
  std::abort();  // what does not return is virtual
}

uint32_t Application::argument(unsigned place) {
  const auto& r = processor_.regs.r;
  return place < 4 ? r[place] : get<uint32_t>(r[13] + 4 * (place - 4));
}

const uint8_t* Application::bytes(uint32_t address, uint32_t size) {
  const uint8_t* found = memory_.bytes(address, size);
  if (!found) panic(panic::kHardFault, "passes the address " + hex(address) + ", where it has no memory");
  return found;
}

uint8_t* Application::writable(uint32_t address, uint32_t size) {
  uint8_t* found = memory_.writable(address, size);
  if (!found) panic(panic::kHardFault, "passes the address " + hex(address) + ", where it cannot write");
  if (instruments_) instruments_->memory().written_by_system(address, size);
  return found;
}

std::string Application::text(uint32_t address, uint32_t most) {
  constexpr uint32_t kAtOnce = 64;
  std::string found;
  if (address == 0) return found;
  most = std::min(most, kMostText);
  while (found.size() < most) {
    const uint32_t next = address + static_cast<uint32_t>(found.size());
    uint32_t size = std::min(kAtOnce, most - static_cast<uint32_t>(found.size()));
    const uint8_t* piece = memory_.bytes(next, size);
    if (!piece) piece = bytes(next, size = 1);  // near the end of a memory
    const void* end = std::memchr(piece, 0, size);
    found.append(reinterpret_cast<const char*>(piece),
                 end ? static_cast<size_t>(static_cast<const uint8_t*>(end) - piece) : size);
    if (end) break;
  }
  return found;
}

void Application::write(uint32_t address, const std::string& data) {
  if (data.empty()) return;
  std::memcpy(writable(address, static_cast<uint32_t>(data.size())), data.data(), data.size());
}

uint32_t Application::allocate(uint32_t size) {
  const uint32_t address = heap_->allocate(size);
  if (address == 0) panic(panic::kOutOfHeap, "has no memory left for " + std::to_string(size) + " bytes");
  return address;
}

Application::Lent::Lent(Application& application, const std::string& text)
    : application_(application), address_(application.allocate(static_cast<uint32_t>(text.size()) + 1)) {
  application.write(address_, text + '\0');
}

uint32_t Application::own_function(void (*serve)(Application&), const char* name) {
  const auto found = std::find_if(own_functions_.begin(), own_functions_.end(),
                                  [serve](const Served& each) { return each.serve == serve; });
  const auto number = tables_.size() + static_cast<size_t>(found - own_functions_.begin());
  if (found == own_functions_.end()) own_functions_.push_back({serve, name});
  return (kTraps.host_calls + 4 * static_cast<uint32_t>(number)) | 1;
}

}  // namespace vphoton::system
