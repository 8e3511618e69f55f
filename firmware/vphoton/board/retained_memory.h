// Backup RAM: keeps what is in it over a reset, and not over a power cut.
#pragma once

#include <cstddef>

namespace vphoton {

class RetainedMemory {
 public:
  // `file` holds what the start before this one left, or is -1.
  explicit RetainedMemory(int file) : file_(file) {}
  ~RetainedMemory();
  RetainedMemory(const RetainedMemory&) = delete;
  RetainedMemory& operator=(const RetainedMemory&) = delete;

  // The memory of the application that is being loaded, before any of its own code runs: it gets what it held.
  void attach(void* begin, size_t size);
  // Device OS keeps the memory powered only for an application that asks for it.
  void enable() { enabled_ = true; }
  // Before a reset: the file to hand on, or -1 when nothing is kept.
  int save();

 private:
  int file_;
  void* begin_ = nullptr;
  size_t size_ = 0;
  bool enabled_ = false;
};

}  // namespace vphoton
