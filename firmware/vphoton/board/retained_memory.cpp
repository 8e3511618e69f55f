#include "board/retained_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/log.h"

namespace vphoton {

RetainedMemory::~RetainedMemory() {
  if (file_ >= 0) close(file_);
}

void RetainedMemory::attach(void* begin, size_t size) {
  begin_ = begin;
  size_ = size;
  struct stat status;
  const bool kept = file_ >= 0 && fstat(file_, &status) == 0 && static_cast<size_t>(status.st_size) == size;
  if (kept && pread(file_, begin, size, 0) != static_cast<ssize_t>(size))
    log_warning("backup RAM is lost: %s", strerror(errno));
}

int RetainedMemory::save() {
  if (size_ == 0) return file_;  // nothing that has run since has touched it
  if (!enabled_) return -1;
  if (file_ < 0) file_ = memfd_create("retained", MFD_CLOEXEC);
  bool written = ftruncate(file_, 0) == 0 && pwrite(file_, begin_, size_, 0) == static_cast<ssize_t>(size_);
  return written ? file_ : -1;
}

}  // namespace vphoton
