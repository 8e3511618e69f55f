// Where a debugger connects: one port on 127.0.0.1, open from a request on until its client has gone.
//
// A connection becomes the client with its first well-formed packet; until then it stops nothing, and the next one
// takes its place. Another protocol than GDB's, such as a browser's, is dropped at its first byte.
#pragma once

#include <memory>
#include <string>

#include "base/connection.h"
#include "base/reactor.h"
#include "debug/debugger.h"

namespace vphoton::debug {

class DebugPort : public DebuggerHost {
 public:
  // What the device does for the debugger, each from the reactor.
  struct Device {
    std::function<void()> reset;
    std::function<void()> released;
  };

  DebugPort(Reactor& reactor, Device device) : reactor_(reactor), device_(std::move(device)), debugger_(*this) {}
  ~DebugPort();

  Debugger& debugger() { return debugger_; }

  // Listens, at `number` or any free port for 0. Empty return: done, or done before; otherwise what went wrong.
  std::string open(uint16_t number);
  uint16_t number() const { return number_; }
  // Through a reset: descriptors and the debugger's state, and taking them up again. The client is heard from
  // `begin_again` on, when there is an application or it is known that there is none.
  struct Carried {
    int listener = -1;
    int client = -1;
    std::string state;
  };
  Carried carried() const;
  void carry(const Carried& carried);
  void begin_again();

  // DebuggerHost
  void send(const std::string& bytes) override;
  void reset_wanted() override;
  void released() override;

 private:
  void watch_listener();
  void accept_next();
  void on_data(const std::string& data);
  void close_listener();
  void drop_client();

  Reactor& reactor_;
  Device device_;
  Debugger debugger_;
  uint16_t number_ = 0;
  int listener_ = -1;
  int client_ = -1;   // the connection's descriptor
  int waiting_ = -1;  // the client, until it is heard again
  std::unique_ptr<Connection> connection_;
};

}  // namespace vphoton::debug
