// A debugger's hold on an application: GDB's remote serial protocol, apart from sockets and the event loop.
//
// A client is attached from its first well-formed packet on, which stops the application. Stopped, the application
// executes nothing; the device around it lives on. The contexts that the machine knows are GDB's threads: 1 is what the
// system called first, each higher one interrupts the one below it, and only the highest can run. Those of the
// application's other threads count from 1001, 2001, ...
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "debug/packet.h"
#include "machine/processor.h"

namespace vphoton::debug {

// Signals of stop replies, in GDB's numbers.
enum class Signal : uint8_t { Interrupt = 2, Trap = 5, Abort = 6, Arithmetic = 8, Segment = 11 };

// The application that is debugged.
class Program {
 public:
  virtual ~Program() = default;
  virtual machine::Processor& processor() = 0;
  // The function of the system that it waits in, or "".
  virtual std::string activity() const = 0;

  // A context of a thread that is not the current one.
  struct Context {
    uint32_t number;
    std::string about;
    const machine::Registers* registers;
  };
  static constexpr uint32_t kContexts = 1000;  // in a thread's numbers
  // What the contexts of the current thread are counted from.
  virtual uint32_t base() const { return 0; }
  virtual std::vector<Context> others() const { return {}; }
};

// What is around it.
class DebuggerHost {
 public:
  virtual ~DebuggerHost() = default;
  virtual void send(const std::string& bytes) = 0;
  // The device is to be reset once the packet that asks for it is answered.
  virtual void reset_wanted() = 0;
  // The application goes on.
  virtual void released() = 0;
};

class Debugger {
 public:
  explicit Debugger(DebuggerHost& host) : host_(host) {}

  // The client's side.

  // Bytes of the client. False: it has detached, or speaks another protocol; the connection is to be closed.
  bool receive(const std::string& bytes);
  // The client is gone: the application goes on without breakpoints.
  void detach();
  // What a reset takes along: as JSON, to be given to `attach_again` of the next one.
  std::string carried() const;
  void attach_again(const std::string& carried);

  // The application's side. Nothing of it costs anything while no client is attached.

  // From now on this one is debugged; it outlives its time as the one, or `leave` is called before.
  void enter(Program& program);
  void leave() { program_ = nullptr; }
  bool attached() const { return attached_; }
  // Nothing may be executed until this is false.
  bool stopped() const { return stopped_; }
  // The current thread does a step, which no other is to interrupt.
  bool steps() const { return stepping(); }
  // Before a run: how many instructions of `slice` it may execute. May stop instead.
  uint64_t budget(uint64_t slice) const { return stepping() ? 1 : slice; }
  void before_run() {
    if (landing_) report(Signal::Trap);
  }
  // After a run; whether the stop was the debugger's affair and needs nothing else.
  bool took(const machine::Stop& stop);
  // After a call of the system has been served.
  void served();
  // The application has come to an end, for `why`; it may go on when the client says so.
  void stop(Signal signal, const std::string& why);
  // The system has written for the application: watched bytes that differ stop it. `watched_bytes` is taken before.
  std::vector<std::string> watched_bytes() const;
  void compare(const std::vector<std::string>& before);

 private:
  struct Step {
    size_t depth;         // of the context that steps
    uint32_t begin, end;  // goes on while the PC is in this range
    uint32_t base;        // of its thread
  };

  bool stepping() const {
    return step_ && program_->base() == step_->base && program_->processor().calls() <= step_->depth;
  }
  void attach();
  void handle(const std::string& request);
  std::optional<std::string> answer(const std::string& request);
  void reply(const std::string& payload);
  void report(Signal signal, const std::string& details = "");
  void report_watched(const machine::Watchpoint& point, uint32_t address);
  void resume(std::optional<Step> step);

  std::optional<std::string> query(const std::string& request);
  std::string monitor(const std::string& command);
  void reset();
  std::string run_control(const std::string& request);
  std::string change_point(const std::string& request);
  void apply_points();

  uint32_t base() const;
  uint32_t top() const;
  uint32_t selected() const;
  const machine::Registers* registers_of(uint32_t thread) const;
  std::string all_registers() const;
  std::string write_all_registers(const std::string& hex);
  std::string read_one_register(const std::string& request) const;
  std::string write_one_register(const std::string& request);
  std::string read_memory(const std::string& request);
  std::string write_memory(const std::string& request);

  DebuggerHost& host_;
  Program* program_ = nullptr;
  PacketReader reader_;
  std::string last_packet_;
  std::string last_stop_;
  bool attached_ = false;
  bool stopped_ = false;
  bool acknowledges_ = true;
  bool extended_ = false;  // "k" is followed by "R"
  bool detaching_ = false;
  bool resetting_ = false;  // what comes now is for the debugger of the device's next start
  bool landing_ = false;    // a step has left its context: it ends at the next instruction, whosesoever it is
  std::optional<Step> step_;
  uint32_t at_bkpt_ = 1;                             // where a BKPT stopped it; odd: none did
  uint32_t thread_ = 0;                              // for registers; 0: the highest
  std::set<std::pair<char, uint32_t>> breakpoints_;  // with the type of their packet
  std::vector<machine::Watchpoint> watchpoints_;
};

}  // namespace vphoton::debug
