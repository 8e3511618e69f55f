// The folder that is a device, held by one process at a time.
#pragma once

#include <string>

namespace vphoton {

class StateFolder {
 public:
  // Makes the folder (mode 0700) if need be and locks it. `inherited_lock` is the descriptor a previous image of this
  // process held it by, or -1. Empty return: held; otherwise what went wrong.
  std::string open(const std::string& path, int inherited_lock);

  // The same without the lock, for one that somebody else holds.
  std::string open_held(const std::string& path);

  const std::string& path() const { return path_; }  // absolute
  int lock() const { return lock_; }

 private:
  std::string path_;
  int lock_ = -1;
};

}  // namespace vphoton
