// Signals that end the process.
#pragma once

#include <functional>
#include <string>

#include "base/reactor.h"

namespace vphoton {

// SIGTERM, SIGINT and SIGHUP call `end` from the reactor, once; a second one ends the process at once. Empty return:
// done; otherwise what went wrong.
std::string on_end_signal(Reactor& reactor, std::function<void()> end);

}  // namespace vphoton
