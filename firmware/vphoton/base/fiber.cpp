#include "base/fiber.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define VPHOTON_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VPHOTON_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef VPHOTON_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace vphoton {
namespace {

constexpr size_t kKeptBelow = 4096;  // what a signal handler or the next call may reach

Fiber* entering = nullptr;  // makecontext() passes no pointers

size_t page_size() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

#ifdef VPHOTON_ADDRESS_SANITIZER
// The sanitizer keeps a shadow of the stack in use and has to hear of each switch.
struct Switch {
  void* shadow = nullptr;
  const void* stack = nullptr;
  size_t size = 0;
};
Switch resumer;
#endif

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {
  void* memory =
      mmap(nullptr, page_size() + kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  stack_ = static_cast<char*>(memory);
  mprotect(stack_, page_size(), PROT_NONE);
  getcontext(&own_);
  own_.uc_stack.ss_sp = stack_ + page_size();
  own_.uc_stack.ss_size = kStackSize;
  own_.uc_link = &resumer_;
  makecontext(&own_, &Fiber::enter, 0);
}

Fiber::~Fiber() { munmap(stack_, page_size() + kStackSize); }

void Fiber::enter() {
  Fiber* fiber = entering;
#ifdef VPHOTON_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(nullptr, &resumer.stack, &resumer.size);
#endif
  fiber->run();
#ifdef VPHOTON_ADDRESS_SANITIZER
  __sanitizer_start_switch_fiber(nullptr, resumer.stack, resumer.size);
#endif
}

void Fiber::run() {
  body_();
  over_ = true;
}

void Fiber::resume() {
  entering = this;
#ifdef VPHOTON_ADDRESS_SANITIZER
  void* shadow = nullptr;
  __sanitizer_start_switch_fiber(&shadow, stack_ + page_size(), kStackSize);
#endif
  swapcontext(&resumer_, &own_);
#ifdef VPHOTON_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(shadow, nullptr, nullptr);
#endif
}

void Fiber::wait() {
  char here;
  waiting_at_ = &here;
#ifdef VPHOTON_ADDRESS_SANITIZER
  void* shadow = nullptr;
  __sanitizer_start_switch_fiber(&shadow, resumer.stack, resumer.size);
#endif
  swapcontext(&own_, &resumer_);
#ifdef VPHOTON_ADDRESS_SANITIZER
  __sanitizer_finish_switch_fiber(shadow, &resumer.stack, &resumer.size);
#endif
}

void Fiber::trim() {
  char* begin = stack_ + page_size();
  const auto used = static_cast<size_t>(waiting_at_ - begin);
  if (!waiting_at_ || used <= kKeptBelow) return;
  const size_t unused = (used - kKeptBelow) / page_size() * page_size();
  if (unused > 0) madvise(begin, unused, MADV_DONTNEED);
}

}  // namespace vphoton
