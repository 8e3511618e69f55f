#include "base/signals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace vphoton {
namespace {

int end_pipe = -1;

// The default action comes back with the first signal, so that a second one ends a process whose firmware never
// returns to the system.
void ask_to_end(int) {
  int error = errno;
  [[maybe_unused]] ssize_t written = write(end_pipe, "x", 1);
  errno = error;
}

}  // namespace

std::string on_end_signal(Reactor& reactor, std::function<void()> end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return std::string("pipe: ") + strerror(errno);
  end_pipe = ends[1];
  reactor.watch(ends[0], POLLIN, [&reactor, pipe = ends[0], end = std::move(end)](short) {
    reactor.forget(pipe);
    end();
  });
  struct sigaction action {};
  action.sa_handler = ask_to_end;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
  for (int number : {SIGTERM, SIGINT, SIGHUP}) {
    struct sigaction before {};
    sigaction(number, nullptr, &before);
    if (number != SIGHUP || before.sa_handler != SIG_IGN) sigaction(number, &action, nullptr);  // as nohup wants it
  }
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);  // whoever started us may have blocked them
  return "";
}

}  // namespace vphoton
