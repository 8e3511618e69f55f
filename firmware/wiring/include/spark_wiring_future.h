// The outcome of something still under way: what Particle.publish() returns.
#pragma once

class CloudClass;

namespace particle {

template <typename T>
class Future;

// Copies share one outcome, which the system may set on its own thread.
template <>
class Future<bool> {
 public:
  explicit Future(bool outcome = false) : known_(outcome ? kSucceeded : kFailed) {}
  Future(const Future& other);
  Future& operator=(const Future& other);
  ~Future();

  bool isDone() const { return state() != kRunning; }
  bool isSucceeded() const { return state() == kSucceeded; }
  bool isFailed() const { return state() == kFailed; }
  // Keeps the system running until done; false when `timeout` milliseconds (0: no limit) passed before.
  bool wait(int timeout = 0) const;
  bool result(bool otherwise = false) const { return wait() ? isSucceeded() : otherwise; }
  operator bool() const { return result(); }

 private:
  friend class ::CloudClass;
  enum State { kRunning, kSucceeded, kFailed };
  struct Shared;

  static Future running();

  State state() const;
  void* share() const;  // for complete(), which takes it back
  static void complete(int error, const void*, void* shared, void*);

  State known_ = kFailed;  // without shared_
  Shared* shared_ = nullptr;
};

}  // namespace particle
