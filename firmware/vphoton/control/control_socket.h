// The control socket: what a bench does to a device with hands and wires, one JSON object per line each way.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <string>

#include "base/connection.h"
#include "base/json.h"
#include "base/reactor.h"

namespace vphoton {

class ControlSocket {
 public:
  // Answers a request with one JSON object.
  using Handler = std::function<std::string(const JsonValue& request)>;

  ControlSocket(Reactor& reactor, Handler handler) : reactor_(reactor), handler_(std::move(handler)) {}
  ~ControlSocket();

  // Listens at `folder`/control, or where that name is too long for a socket, in a folder of its own for temporary
  // files, which after a reset is the one it had before. Empty return: done; otherwise what went wrong.
  std::string open(const std::string& folder, const std::string& inherited_folder);
  const std::string& own_folder() const { return own_folder_; }
  const std::string& path() const { return path_; }
  // Takes the socket's name away, or all there is of it.
  void unlink_socket();
  void remove();

 private:
  struct Client {
    std::unique_ptr<Connection> connection;
    std::string received;
    bool busy = false;
    bool gone = false;
  };
  using ClientPlace = std::list<Client>::iterator;

  void accept_next();
  void on_data(ClientPlace client, const std::string& data);
  std::string answer(const std::string& line);

  Reactor& reactor_;
  Handler handler_;
  std::string path_;
  std::string own_folder_;
  int listener_ = -1;
  std::list<Client> clients_;
};

// {"ok":false,"error":text}
std::string control_error(const std::string& text);

}  // namespace vphoton
