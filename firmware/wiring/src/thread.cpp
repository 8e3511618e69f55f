// Thread.
#include "spark_wiring_thread.h"

struct Thread::Running {
  wiring_thread_fn_t function;
  os_thread_t handle;
  volatile bool started;
  volatile bool exited;
};

Thread::Thread(const char* name, wiring_thread_fn_t function, os_thread_prio_t priority, size_t stack_size) {
  running_ = new Running{std::move(function), nullptr, false, false};
  if (!running_) return;
  if (os_thread_create(&running_->handle, name, priority, run, running_, stack_size) != 0) {
    delete running_;
    running_ = nullptr;
    return;
  }
  while (!running_->started) HAL_Delay_Milliseconds(1);
}

void Thread::run(void* data) {
  Running* running = static_cast<Running*>(data);
  running->started = true;
  running->function();
  running->exited = true;
  os_thread_exit(nullptr);
}

Thread& Thread::operator=(Thread&& other) {
  if (this != &other) {
    dispose();
    running_ = other.running_;
    other.running_ = nullptr;
  }
  return *this;
}

void Thread::dispose() {
  if (!running_ || isCurrent()) return;
  if (!running_->exited) join();
  os_thread_cleanup(running_->handle);
  delete running_;
  running_ = nullptr;
}

bool Thread::join() { return running_ && os_thread_join(running_->handle) == 0; }
bool Thread::cancel() { return running_ && os_thread_exit(running_->handle) == 0; }
bool Thread::isCurrent() const { return running_ && os_thread_is_current(running_->handle); }
