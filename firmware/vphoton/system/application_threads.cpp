// The threads of an application: who runs, who waits, and how much of its stack each has used.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/monotonic.h"
#include "system/application.h"

namespace vphoton::system {
namespace {

constexpr uint32_t kLeastStack = 128;  // a choice: what an interrupt's frame and the mark take, and some more
constexpr uint32_t kLongestRestMs = 1000;

}  // namespace

void Application::switch_to(Thread& thread) {
  if (&thread == &threads_.current()) return;
  check_stack();
  threads_.switch_to(thread);
  if (instruments_) instruments_->switched(thread.handle, processor_.regs.r[13]);
}

// The one that ran last goes on if it holds others off. Null: none can run.
Thread* Application::next_thread() {
  const uint64_t now = monotonic_us();
  Thread* last = threads_.find(last_thread_);
  if (last && Threads::can_run(*last, now) && (!preemptible() || debugger_.steps())) return last;
  return threads_.next(now, std::exchange(by_turns_, false) ? 0 : last_thread_);
}

void Application::choose_thread() {
  if (Thread* next = next_thread()) switch_to(*next);
}

void Application::yield() {
  if (threads_.alone()) return device_.interlude();
  by_turns_ = true;
}

// One that the system has not called, and so has nothing of on the host's stack, is parked where it called the system.
bool Application::wait(uint32_t ms, uint32_t object, const std::function<bool()>& ready,
                       const std::function<uint32_t()>& holder) {
  Thread& thread = threads_.current();
  const uint64_t until = thread.waiting   ? thread.until_us
                         : ms == kForever ? Thread::kNever
                                          : monotonic_us() + uint64_t{ms} * 1000;
  while (true) {
    const bool is_ready = ready();
    if (is_ready || interrupted_ || monotonic_us() >= until) {
      thread.wait_is_over();
      return is_ready;
    }
    thread.waiting = true;
    thread.waits_for = object;
    thread.until_us = until;
    thread.wake_us = object == kPolled ? std::min(until, monotonic_us() + 1000) : until;
    thread.held_up_by = holder ? holder() : 0;
    if (processor_.calls() == 0) throw Parked{};
    run_others();
  }
}

// Until it is the turn of the current one, which waits.
void Application::run_others() {
  Thread& waiting = threads_.current();
  const char* before = std::exchange(serving_, "");
  while (true) {
    if (waiting.finished) throw Parked{};
    // Not while others serve the system's calls: a wait below another one on the host's stack cannot end first.
    waiting.in_system = false;
    Thread* next = next_thread();
    waiting.in_system = true;
    if (next == &waiting) break;
    if (next) {
      switch_to(*next);
      step();
      continue;
    }
    switch_to(waiting);
    const uint64_t due = std::min(threads_.due_us(monotonic_us()).value_or(Thread::kNever), waiting.wake_us);
    const uint64_t left_ms = (due - std::min(due, monotonic_us()) + 999) / 1000;
    const auto rest = static_cast<uint32_t>(std::min<uint64_t>(left_ms, kLongestRestMs));
    if (schedule_) {
      schedule_->rests(std::min(rest, 1u));
      schedule_->ticks();  // those that came meanwhile are no thread's
    } else {
      device_.rest(rest);
    }
  }
  switch_to(waiting);
  last_thread_ = waiting.handle;
  serving_ = before;
}

void Application::wait_ms(uint32_t ms) {
  if (threads_.alone() || interrupted_) return device_.delay(ms);
  wait(ms, 0, [] { return false; });
}

// For at most a tick; the application's own thread is between two calls.
void Application::run_threads() {
  if (threads_.alone()) return;
  const uint64_t until = monotonic_us() + 1000;
  Thread& main = threads_.current();
  while (monotonic_us() < until) {
    Thread* next = next_thread();
    if (!next) break;
    switch_to(*next);
    step();
  }
  switch_to(main);
}

std::optional<uint32_t> Application::threads_due_ms() const {
  if (threads_.alone()) return std::nullopt;
  const uint64_t now = monotonic_us();
  const auto due = threads_.due_us(now);
  if (!due) return std::nullopt;
  return static_cast<uint32_t>(std::min<uint64_t>((*due - std::min(*due, now) + 999) / 1000, kLongestRestMs));
}

Thread* Application::start_thread(const std::string& name, uint8_t priority, uint32_t function, uint32_t argument,
                                  uint32_t stack_size) {
  stack_size = std::max(stack_size, kLeastStack) & ~7u;
  const uint32_t bottom = heap_.allocate(stack_size);
  if (bottom == 0) return nullptr;
  std::memset(memory_.writable(bottom, stack_size), kStackFill, stack_size);
  Thread thread{next_thread_ += 4, name, std::min(priority, Threads::kMostPriority), bottom, stack_size};
  return &threads_.add(std::move(thread), function, argument);
}

void Application::end_thread(Thread& thread) {
  const bool itself = &thread == &threads_.current();
  if (&thread == &threads_.main()) {
    if (itself) wait(kForever, 0, [] { return false; });  // the system still waits for it
    return;
  }
  finish(thread);
  if (itself) throw Parked{};
}

void Application::finish(Thread& thread) {
  if (thread.finished) return;
  thread.most_stack = most_stack(thread);
  thread.finished = true;
  heap_.free(thread.stack_bottom);
  threads_.wake(thread.handle);
}

// By where the stack pointer was seen, and by what was written below it in between.
uint32_t Application::most_stack(const Thread& thread) const {
  if (thread.finished) return thread.most_stack;
  const uint8_t* stack = memory_.bytes(thread.stack_bottom, thread.stack_size);
  const uint8_t* end = stack + thread.stack_size;
  const uint8_t unused = thread.handle == kMainThread ? 0 : kStackFill;
  const uint8_t* written =
      std::find_if(stack + sizeof kStackMark, end, [unused](uint8_t byte) { return byte != unused; });
  const auto deepest = (static_cast<uint32_t>(end - written) + 3) & ~3u;
  const uint32_t lowest = std::max(thread.lowest_sp, thread.stack_bottom);
  return lowest > thread.stack_top() ? deepest : std::max(deepest, thread.stack_top() - lowest);
}

uint32_t Application::base() const { return kContexts * ((threads_.current().handle - kMainThread) / 4); }

std::vector<debug::Program::Context> Application::others() const {
  std::vector<Context> found;
  for (const Thread& each : threads_.all()) {
    if (&each == &threads_.current() || each.finished) continue;
    const uint32_t first = kContexts * ((each.handle - kMainThread) / 4) + 1;
    const auto& calls = each.context.calls;
    const size_t count = std::max<size_t>(calls.size(), 1);
    const std::string state = each.name + (each.waiting || each.in_system ? ", waits" : ", ready");
    for (size_t i = count; i > 0; --i)
      found.push_back({first + static_cast<uint32_t>(i) - 1, state, i == count ? &each.context.registers : &calls[i]});
  }
  return found;
}

}  // namespace vphoton::system
