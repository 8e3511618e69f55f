// A function with a stack of its own, which may wait in the middle: a device of a rack, whose application may wait at
// any depth while others go on. All fibers belong to one thread.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>

namespace vphoton {

class Fiber {
 public:
  // Address space; pages are taken when they are reached. Below it lies a page that faults.
  static constexpr size_t kStackSize = 512 * 1024;

  // Throws std::bad_alloc when there is no room for its stack. `body` must not throw.
  explicit Fiber(std::function<void()> body);
  // One that waits is given up: what its stack holds is not destroyed.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Goes on in the fiber until it waits or is over.
  void resume();
  // In the fiber: goes on behind the resume() that led here.
  void wait();
  bool over() const { return over_; }
  // While it waits: gives back the pages of its stack that lie far from those in use.
  void trim();

 private:
  static void enter();
  void run();

  std::function<void()> body_;
  char* stack_;
  ucontext_t own_;
  ucontext_t resumer_;
  const char* waiting_at_ = nullptr;  // how far its stack reached when it began to wait
  bool over_ = false;
};

}  // namespace vphoton
