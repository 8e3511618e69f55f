// Future<bool>.
#include "spark_wiring_future.h"

#include "device_os/functions.h"

namespace particle {

// Counts those who know it, on both threads.
struct Future<bool>::Shared {
  volatile State state;
  unsigned owners;

  static Shared* taken(Shared* shared) {
    if (shared) __atomic_add_fetch(&shared->owners, 1, __ATOMIC_RELAXED);
    return shared;
  }
  static void left(Shared* shared) {
    if (shared && __atomic_sub_fetch(&shared->owners, 1, __ATOMIC_ACQ_REL) == 0) delete shared;
  }
};

Future<bool> Future<bool>::running() {
  Future begun;
  begun.shared_ = new Shared{kRunning, 1};
  return begun;
}

Future<bool>::Future(const Future& other) : known_(other.known_), shared_(Shared::taken(other.shared_)) {}

Future<bool>& Future<bool>::operator=(const Future& other) {
  Shared* before = shared_;
  known_ = other.known_;
  shared_ = Shared::taken(other.shared_);
  Shared::left(before);
  return *this;
}

Future<bool>::~Future() { Shared::left(shared_); }

Future<bool>::State Future<bool>::state() const { return shared_ ? shared_->state : known_; }

void* Future<bool>::share() const { return Shared::taken(shared_); }

void Future<bool>::complete(int error, const void*, void* data, void*) {
  Shared* shared = static_cast<Shared*>(data);
  if (!shared) return;
  __atomic_store_n(&shared->state, error == 0 ? kSucceeded : kFailed, __ATOMIC_RELEASE);
  Shared::left(shared);
}

bool Future<bool>::wait(int timeout) const {
  const system_tick_t started = HAL_Timer_Get_Milli_Seconds();
  while (!isDone()) {
    if (timeout > 0 && HAL_Timer_Get_Milli_Seconds() - started >= static_cast<system_tick_t>(timeout)) return false;
    if (application_thread_current(nullptr))
      spark_process();
    else
      HAL_Delay_Milliseconds(1);
  }
  return true;
}

}  // namespace particle
