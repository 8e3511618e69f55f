// SoftAP over HTTP (port 80 on a Photon).
#pragma once

#include <list>
#include <memory>
#include <string>

#include "base/connection.h"
#include "base/reactor.h"
#include "faces/softap/commands.h"
#include "faces/softap/http_request.h"
#include "faces/softap/port.h"
#include "system/services/application_page.h"

namespace vphoton {

class HttpService {
 public:
  HttpService(Reactor& reactor, SetupHost& host) : reactor_(reactor), host_(host), commands_(host) {}
  ~HttpService() { stop(); }

  bool start(const Port& port);
  void stop();

 private:
  struct Client {
    std::unique_ptr<Connection> connection;
    HttpRequest request;
    bool leaving = false;
  };
  using ClientPlace = std::list<Client>::iterator;

  void accept_next();
  void on_data(ClientPlace client, const std::string& data);
  void answer(ClientPlace client);
  void release(ClientPlace client);
  std::string response(const HttpRequest& request, const std::string& command);

  Reactor& reactor_;
  SetupHost& host_;
  SoftApCommands commands_;
  ApplicationPage application_page_;  // taken over when SoftAP starts
  int listener_ = -1;
  std::list<Client> clients_;
  std::list<std::unique_ptr<Connection>> lost_;  // until SoftAP is back
};

}  // namespace vphoton
