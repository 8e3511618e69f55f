#include "system/threads.h"

#include <algorithm>
#include <utility>

namespace vphoton::system {

Threads::Threads(machine::Processor& processor, Thread main) : processor_(processor) {
  threads_.push_back(std::move(main));
  current_ = &threads_.front();
  current_->turn = ++turn_;  // so that the next one has waited longer
}

Thread* Threads::find(uint32_t handle) {
  if (handle == 0) return current_;
  const auto found =
      std::find_if(threads_.begin(), threads_.end(), [handle](const auto& each) { return each.handle == handle; });
  return found == threads_.end() ? nullptr : &*found;
}

Thread& Threads::add(Thread thread, uint32_t function, uint32_t argument) {
  threads_.push_back(std::move(thread));
  Thread& added = threads_.back();
  added.context = processor_.thread(function, argument, added.stack_top());
  return added;
}

void Threads::remove(const Thread& thread) {
  threads_.remove_if([&thread](const auto& each) { return &each == &thread; });
}

void Threads::switch_to(Thread& thread) {
  if (&thread == current_) return;
  // The context that leaves comes to lie where the other one was.
  processor_.exchange(thread.context);
  std::swap(thread.context, current_->context);
  current_ = &thread;
  thread.turn = ++turn_;
}

bool Threads::can_run(const Thread& thread, uint64_t now_us) {
  return !thread.in_system && !thread.returned && !thread.finished && (!thread.waiting || thread.wake_us <= now_us);
}

// With the priority of those that wait for a mutex it has. FreeRTOS: priority inheritance.
uint8_t Threads::priority_of(const Thread& thread) const {
  uint8_t priority = thread.priority;
  for (const Thread& each : threads_)
    if (each.held_up_by == thread.handle) priority = std::max(priority, each.priority);
  return priority;
}

Thread* Threads::next(uint64_t now_us, uint32_t preferred) {
  Thread* best = nullptr;
  for (Thread& each : threads_) {
    if (!can_run(each, now_us)) continue;
    const uint8_t priority = priority_of(each), most = best ? priority_of(*best) : uint8_t{0};
    const bool first = each.handle == preferred || (best && best->handle != preferred && each.turn < best->turn);
    if (!best || priority > most || (priority == most && first)) best = &each;
  }
  return best;
}

std::optional<uint64_t> Threads::due_us(uint64_t now_us) const {
  std::optional<uint64_t> due;
  for (const Thread& each : threads_) {
    if (can_run(each, now_us)) return 0;
    if (each.waiting && each.wake_us != Thread::kNever) due = std::min(due.value_or(Thread::kNever), each.wake_us);
  }
  return due;
}

void Threads::wake(uint32_t object) {
  for (Thread& each : threads_)
    if (each.waits_for == object) each.wake_us = 0;
}

}  // namespace vphoton::system
