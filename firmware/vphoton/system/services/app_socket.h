// A socket of the application's: one of the host's that never blocks, bound to loopback.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "system/services/hosts.h"

namespace vphoton {

class AppSocket {
 public:
  struct Peer {
    uint32_t address = 0;
    uint16_t port = 0;
  };

  // Null: the host gives none. A port that is taken there, or that needs rights, becomes a free one; the log says
  // which.
  static std::unique_ptr<AppSocket> tcp();
  static std::unique_ptr<AppSocket> server(uint16_t port);
  static std::unique_ptr<AppSocket> udp(uint16_t port, const Hosts& hosts);
  ~AppSocket();
  AppSocket(const AppSocket&) = delete;
  AppSocket& operator=(const AppSocket&) = delete;

  enum class Progress { Under_way, Done, Failed };
  // Begins, and asked again, tells of it. The peer is allowed.
  Progress connect(const Peer& peer);
  // Null: nobody has come.
  std::unique_ptr<AppSocket> accept();
  bool connected();  // and the peer has not ended it, or what it sent is not read yet
  Peer peer() const { return peer_; }
  void shut_down(bool reading, bool writing);

  // How many bytes, at most 64 KB; nothing: not now; -1: it is over.
  std::optional<int> receive(std::string* to, size_t size);
  std::optional<int> send(const uint8_t* from, size_t size);
  // Datagrams; from hosts that are not allowed none comes.
  std::optional<int> receive_from(std::string* to, size_t size, Peer* from);
  int send_to(const uint8_t* from, size_t size, const Peer& to);  // to one that is allowed

 private:
  explicit AppSocket(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
  int outside_ = -1;  // for datagrams to other hosts than this one: one that is bound to loopback reaches none
  const Hosts* hosts_ = nullptr;
  bool connecting_ = false;
  Peer peer_;
};

}  // namespace vphoton
