// Backup RAM: what a firmware declares `retained` keeps its value over a reset and not over a power cut.
#pragma once

#include <cstddef>

namespace vphoton {

class RetainedMemory {
 public:
  // Device OS 2.3.1: 3 KB for the application, 4 bytes of them the system's mark.
  static constexpr size_t kRegion = 3072;
  static constexpr size_t kMost = kRegion - 4;

  // `file` holds what the start before this one left, or is -1.
  explicit RetainedMemory(int file) : file_(file) {}
  ~RetainedMemory();
  RetainedMemory(const RetainedMemory&) = delete;
  RetainedMemory& operator=(const RetainedMemory&) = delete;

  // The variables of the firmware that is being loaded, before any of its own code runs. They get the values they had,
  // if the firmware has as many bytes of them as the one before. False if there are more than fit.
  bool attach(void* begin, size_t size, size_t most = kMost);
  // Device OS keeps the memory powered only for an application that asks for it.
  void enable() { enabled_ = true; }
  // Before a reset: the file to hand on, or -1 when nothing is kept.
  int save();
  // A file for save() is made, if need be, and its number kept ready: -1 when nothing is to be kept.
  int prepare();
  const void* begin() const { return begin_; }
  size_t size() const { return size_; }

 private:
  int file_;
  void* begin_ = nullptr;
  size_t size_ = 0;
  bool enabled_ = false;
};

}  // namespace vphoton
