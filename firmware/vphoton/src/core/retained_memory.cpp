#include "core/retained_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vphoton {

RetainedMemory::~RetainedMemory() {
  if (file_ >= 0) close(file_);
}

bool RetainedMemory::attach(void* begin, size_t size, size_t most) {
  if (size > most) return false;
  begin_ = begin;
  size_ = size;
  struct stat status;
  if (file_ < 0 || fstat(file_, &status) != 0 || static_cast<size_t>(status.st_size) != size) return true;
  return pread(file_, begin, size, 0) == static_cast<ssize_t>(size);
}

int RetainedMemory::prepare() {
  if (!enabled_ || size_ == 0) return -1;
  if (file_ < 0) file_ = memfd_create("retained", MFD_CLOEXEC);
  return file_;
}

int RetainedMemory::save() {
  if (prepare() < 0) return -1;
  bool written = ftruncate(file_, 0) == 0 && pwrite(file_, begin_, size_, 0) == static_cast<ssize_t>(size_);
  return written ? file_ : -1;
}

}  // namespace vphoton
