#include "core/panic.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "core/log.h"

namespace vphoton::panic {
namespace {

constexpr size_t kStackSize = 32 * 1024;
// How far below the stack pointer a push or a frame may reach.
constexpr uintptr_t kStackReach = 64 * 1024;

// Everything on_crash() needs. It may not allocate, lock or call into any library.
struct Prepared {
  char* const* argv = nullptr;
  const PlannedPowerCut* cut = nullptr;
  int record = -1;
  std::array<int, 6> kept{-1, -1, -1, -1, -1, -1};
  const void* memory = nullptr;
  size_t memory_size = 0;
  int memory_file = -1;
  std::vector<std::string> variables;
  std::vector<char*> environment;
  char crash[64] = "";
};

Prepared prepared;
alignas(16) char stack[kStackSize];

char* put(char* at, const char* text) {
  while (*text) *at++ = *text++;
  return at;
}

char* put(char* at, uint64_t number) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

uint32_t code_of(int signal, const siginfo_t* info, uintptr_t stack_pointer) {
  auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  switch (signal) {
    case SIGSEGV:
      if (address < stack_pointer + kStackReach && address + kStackReach > stack_pointer) return kStackOverflow;
      return kHardFault;
    case SIGBUS:
      return kBusFault;
    case SIGABRT:
      return kAssertFailed;
    default:
      return kUsageFault;
  }
}

// The stack pointer of the thread that crashed, as the kernel saved it.
uintptr_t stack_pointer_of(void* context) {
  auto* state = static_cast<ucontext_t*>(context);
#if defined(__x86_64__)
  return static_cast<uintptr_t>(state->uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  return static_cast<uintptr_t>(state->uc_mcontext.sp);
#else
  (void)state;
  return 0;
#endif
}

void on_crash(int signal, siginfo_t* info, void* context) {
  char line[96];
  char* end = put(line, "vphoton: warning: the application crashed, signal ");
  end = put(put(end, static_cast<uint64_t>(signal)), "; the device panics\n");
  [[maybe_unused]] ssize_t told = write(STDERR_FILENO, line, static_cast<size_t>(end - line));

  if (prepared.memory) told = pwrite(prepared.memory_file, prepared.memory, prepared.memory_size, 0);
  end = put(prepared.crash, kCrashVariable);
  *end++ = '=';
  end = put(end, code_of(signal, info, stack_pointer_of(context)));
  end = put(put(end, ","), prepared.cut->at_write);
  end = put(put(end, ","), static_cast<uint64_t>(prepared.cut->torn));
  *end = '\0';

#ifdef SYS_close_range
  constexpr unsigned kCloseOnExec = 4;
  syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, kCloseOnExec);
#endif
  for (int fd : prepared.kept)
    if (fd >= 0) fcntl(fd, F_SETFD, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);  // a blocked signal would stay blocked in the new program
  execve("/proc/self/exe", prepared.argv, prepared.environment.data());
  _exit(128 + signal);
}

constexpr bool sanitized() {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  return true;
#else
  return false;
#endif
#else
  return false;
#endif
}

}  // namespace

void arm(char* const argv[], const PlannedPowerCut* cut) {
  if (sanitized() || prepared.record < 0) return;
  prepared.argv = argv;
  prepared.cut = cut;
  stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = sizeof stack;
  sigaltstack(&alternative, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | static_cast<int>(SA_RESETHAND);
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) sigaction(signal, &action, nullptr);
}

void prepare(const Resume& resume) {
  if (sanitized()) return;
  int record = resume.record(prepared.record);
  if (record < 0) return log_warning("a crash of the application will end the process: its record cannot be made");
  prepared.record = record;
  prepared.kept = {record, resume.lock, resume.serial, resume.softap_tcp, resume.softap_http, resume.kept_memory};
  prepared.variables.clear();
  prepared.environment.clear();
  for (char** each = environ; *each; ++each) prepared.variables.emplace_back(*each);
  prepared.variables.push_back(std::string(kResumeVariable) + "=" + std::to_string(record));
  for (auto& each : prepared.variables) prepared.environment.push_back(each.data());
  prepared.environment.push_back(prepared.crash);
  prepared.environment.push_back(nullptr);
}

void keep(const void* begin, size_t size, int file) {
  prepared.memory = begin;
  prepared.memory_size = size;
  prepared.memory_file = file;
}

std::string describe(uint32_t code) {
  switch (code) {
    case kHardFault:
      return "hard_fault";
    case 3:
      return "memory_fault";
    case kBusFault:
      return "bus_fault";
    case kUsageFault:
      return "usage_fault";
    case kOutOfHeap:
      return "out_of_heap";
    case kAssertFailed:
      return "assert_failed";
    case kStackOverflow:
      return "stack_overflow";
    default:
      return std::to_string(code);
  }
}

}  // namespace vphoton::panic
