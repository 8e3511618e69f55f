// SoftAP over TCP (port 5609 on a Photon): one command per connection, one connection after the other.
#pragma once

#include <list>
#include <memory>

#include "base/connection.h"
#include "base/reactor.h"
#include "faces/softap/commands.h"
#include "faces/softap/port.h"
#include "faces/softap/tcp_request.h"

namespace vphoton {

class TcpService {
 public:
  TcpService(Reactor& reactor, SetupHost& host) : reactor_(reactor), host_(host), commands_(host) {}
  ~TcpService() { stop(); }

  bool start(const Port& port);
  void stop();

 private:
  void accept_next();
  void on_data(const std::string& data);
  void answer();
  void release();
  void fall_silent();

  Reactor& reactor_;
  SetupHost& host_;
  SoftApCommands commands_;
  int listener_ = -1;
  // Like the device's single worker: whoever does not finish the request keeps everybody waiting.
  std::unique_ptr<Connection> active_;
  TcpRequest request_;
  std::list<std::unique_ptr<Connection>> leaving_;
  std::list<std::unique_ptr<Connection>> lost_;  // until SoftAP is back
};

}  // namespace vphoton
