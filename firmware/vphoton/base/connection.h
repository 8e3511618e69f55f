// One accepted stream connection: bytes in as they come, bytes out without blocking, an end the other side can read.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/reactor.h"

namespace vphoton {

class Connection {
 public:
  // Called with what one read returned; empty once the other side has closed. It may destroy the connection.
  using DataHandler = std::function<void(const std::string& data)>;

  // Takes over `fd` and makes it non-blocking.
  Connection(Reactor& reactor, int fd, DataHandler on_data);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(const std::string& data);
  // What comes from now on is read and dropped, an end included: the link is there and leads nowhere.
  void ignore();
  // No more is read for the handler. What was sent is delivered, then the end of the stream; `done` is called, from the
  // reactor, when the other side has closed too or a second has passed.
  void finish(std::function<void()> done);

 private:
  void on_events(short events);
  void flush();
  void over();

  Reactor& reactor_;
  int fd_;
  DataHandler on_data_;
  std::string unsent_;
  bool finishing_ = false;
  std::function<void()> done_;
  Reactor::TimerId timer_ = 0;
};

}  // namespace vphoton
