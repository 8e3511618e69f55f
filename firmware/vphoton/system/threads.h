// The threads of an application: whose registers the processor has, and who runs next.
//
// The first is the application's own, on which the system calls it; the others are those that it makes, each with a
// stack from the heap. The highest priority that is ready runs, equal ones by turns, as FreeRTOS has it.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>

#include "machine/processor.h"

namespace vphoton::system {

constexpr uint32_t kMainThread = 0x7D000000;  // the handle of the application's own
constexpr uint8_t kStackFill = 0xA5;          // FreeRTOS
// Device OS: what lies at the end of a stack is looked at, and means that it is too small when it has changed.
constexpr uint64_t kStackMark[] = {0xA5A5A5A5A5A5A5A5, 0xA5A5A5A5A5A5A5A5};

struct Thread {
  static constexpr uint64_t kNever = ~0ull;

  uint32_t handle;
  std::string name;
  uint8_t priority;
  uint32_t stack_bottom;
  uint32_t stack_size;
  machine::Context context{};  // while another one has the processor
  uint32_t lowest_sp = ~0u;    // where the system looked
  bool in_system = false;      // a function of the system that it called is under way
  bool returned = false;       // from a function that the system called, and the system has not gone on
  bool finished = false;       // and its stack freed
  uint32_t most_stack = 0;     // of a finished one
  bool waiting = false;        // with its call of the system repeated when it is ready again
  uint64_t until_us = kNever;  // when its wait ends without what it waits for
  uint64_t wake_us = kNever;   // when it looks again
  uint32_t waits_for = 0;      // an object's handle, or 0
  uint32_t held_up_by = 0;     // the thread that has it
  uint64_t turn = 0;           // when it last began to run, in turns of all

  // The system, on the host's stack, has not gone on from a call of it or to it.
  bool is_served() const { return in_system || is_called(); }
  bool is_called() const { return !context.calls.empty(); }  // by the system, while another one has the processor
  void wait_is_over() {
    waiting = false;
    waits_for = held_up_by = 0;
  }
  uint32_t stack_top() const { return stack_bottom + stack_size; }
};

class Threads {
 public:
  static constexpr uint8_t kMostPriority = 9;  // Device OS 2.3.1: of ten

  Threads(machine::Processor& processor, Thread main);

  Thread& main() { return threads_.front(); }
  Thread& current() { return *current_; }
  const Thread& current() const { return *current_; }
  bool alone() const { return threads_.size() == 1; }
  const std::list<Thread>& all() const { return threads_; }
  // Null: there is none of this handle. 0 is the current one.
  Thread* find(uint32_t handle);

  // Its stack is the caller's to allocate, and to free once it is finished.
  Thread& add(Thread thread, uint32_t function, uint32_t argument);
  void remove(const Thread& thread);

  // The processor goes on with this one.
  void switch_to(Thread& thread);
  // The one to run, of those that can: of the highest priority; of equal ones the one of this handle, else the one that
  // has waited longest. Null: none can.
  Thread* next(uint64_t now_us, uint32_t preferred);
  // When the next wait of one that is not in the system ends; 0: one can run now; nothing: none will by itself.
  std::optional<uint64_t> due_us(uint64_t now_us) const;
  // Those that wait for the object look again.
  void wake(uint32_t object);
  static bool can_run(const Thread& thread, uint64_t now_us);

 private:
  uint8_t priority_of(const Thread& thread) const;

  machine::Processor& processor_;
  std::list<Thread> threads_;
  Thread* current_;
  uint64_t turn_ = 0;
};

}  // namespace vphoton::system
