#include "board/state_folder.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace vphoton {

std::string StateFolder::open_held(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    return path + ": " + strerror(errno) + "; its parent folder must exist and be writable";
  char resolved[PATH_MAX];
  if (!realpath(path.c_str(), resolved)) return path + ": " + strerror(errno);
  struct stat status;
  if (stat(resolved, &status) != 0 || !S_ISDIR(status.st_mode)) return path + ": is not a folder";
  // It holds a private key and Wi-Fi passwords.
  if (chmod(resolved, 0700) != 0) return path + ": " + strerror(errno) + "; the folder must belong to you";
  path_ = resolved;
  return "";
}

std::string StateFolder::open(const std::string& path, int inherited_lock) {
  std::string error = open_held(path);
  if (!error.empty()) return error;
  if (inherited_lock >= 0) {
    lock_ = inherited_lock;
    fcntl(lock_, F_SETFD, FD_CLOEXEC);
    return "";
  }
  std::string file = path_ + "/lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return file + ": " + strerror(errno);
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0)
    return path_ + ": another vphoton runs on this state folder; end it first or name another folder";
  return "";
}

}  // namespace vphoton
