// The outcome of something still under way: what Particle.publish() returns.
#pragma once

#include <memory>

class CloudClass;

namespace particle {

template <typename T>
class Future;

template <>
class Future<bool> {
 public:
  bool isDone() const { return *state_ != State::Running; }
  bool isSucceeded() const { return *state_ == State::Succeeded; }
  bool isFailed() const { return *state_ == State::Failed; }
  // Keeps the system running until done; false when `timeout` milliseconds (0: no limit) passed before.
  bool wait(int timeout = 0) const;
  bool result(bool otherwise = false) const { return wait() ? isSucceeded() : otherwise; }
  operator bool() const { return result(); }

 private:
  friend class ::CloudClass;
  enum class State { Running, Succeeded, Failed };

  explicit Future(bool outcome);
  explicit Future(std::shared_ptr<State> running) : state_(running) {}

  std::shared_ptr<State> state_;
};

}  // namespace particle
