#include "module/user_part.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "module/app_abi.h"

namespace vphoton {
namespace {

bool write_all(int file, const std::string& data) {
  size_t done = 0;
  while (done < data.size()) {
    ssize_t put = write(file, data.data() + done, data.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    done += static_cast<size_t>(put);
  }
  return true;
}

// The loader needs a file. One in memory leaves nothing behind, however the process ends.
void* load_library(const std::string& payload, std::string* reason) {
  int file = memfd_create("user-part", MFD_CLOEXEC);
  if (file < 0 || !write_all(file, payload)) {
    *reason = std::string("cannot be held in memory: ") + strerror(errno);
    if (file >= 0) close(file);
    return nullptr;
  }
  std::string path = "/proc/self/fd/" + std::to_string(file);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) *reason = std::string("cannot be loaded: ") + dlerror();
  close(file);
  return library;
}

class NativeUserPart : public UserPart {
 public:
  NativeUserPart(void (*setup)(), void (*loop)(), SystemMode mode, bool threaded)
      : setup_(setup), loop_(loop), mode_(mode), threaded_(threaded) {}
  SystemMode system_mode() const override { return mode_; }
  bool threaded() const override { return threaded_; }
  void setup() override { setup_(); }
  void loop() override { loop_(); }

 private:
  void (*setup_)();
  void (*loop_)();
  SystemMode mode_;
  bool threaded_;
};

}  // namespace

std::unique_ptr<UserPart> UserPart::load(const std::string& payload, std::string* reason) {
  void* library = load_library(payload, reason);
  if (!library) return nullptr;
  auto setup = reinterpret_cast<void (*)()>(dlsym(library, kSetupSymbol));
  auto loop = reinterpret_cast<void (*)()>(dlsym(library, kLoopSymbol));
  auto mode = reinterpret_cast<int (*)()>(dlsym(library, kSystemModeSymbol));
  auto thread = reinterpret_cast<int (*)()>(dlsym(library, kSystemThreadSymbol));
  if (!setup || !loop || !mode || !thread) {
    *reason = "does not export setup, loop, system mode and system thread";
    return nullptr;
  }
  int number = mode();
  return std::make_unique<NativeUserPart>(
      setup, loop, number >= 1 && number <= 4 ? static_cast<SystemMode>(number) : SystemMode::Automatic, thread() == 1);
}

}  // namespace vphoton
