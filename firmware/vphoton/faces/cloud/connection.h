// One attempt to reach the cloud and what becomes of it: TCP, handshake, session. Used once, never reconnects.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/reactor.h"
#include "faces/cloud/boot_memory.h"
#include "faces/cloud/cloud_host.h"
#include "faces/cloud/frame_codec.h"
#include "faces/cloud/handshake.h"
#include "faces/cloud/session.h"
#include "faces/cloud/session_channel.h"

namespace vphoton::cloud {

class ConnectionListener {
 public:
  virtual ~ConnectionListener() = default;
  virtual void tcp_connected() = 0;
  virtual void session_established() = 0;
  // Called once, last. The connection may be released from within.
  virtual void connection_closed(CloudError why) = 0;
  // An update was accepted and its answer has been written (or cannot be written any more).
  virtual void update_ready_to_apply() = 0;
};

// Must be owned by a shared_ptr: handlers keep it alive while application code runs inside them.
class Connection : public std::enable_shared_from_this<Connection>, private SessionChannel {
 public:
  static constexpr uint64_t kStepTimeoutMs = 20000;
  static constexpr size_t kMaxUnwritten = 256 * 1024;  // a choice: a server that reads nothing is given up

  Connection(Reactor& reactor, CloudHost& host, BootMemory& memory, ConnectionListener& listener);
  ~Connection() override;

  // May fail, and so call connection_closed(), before it returns.
  void open();
  void close(CloudError why);
  // Null until the handshake is done.
  Session* session() { return session_.get(); }
  // To be called after the session was used from outside: deadlines may have come nearer.
  void rearm();

 private:
  void on_events(short events);
  void on_tcp_connected();
  void on_readable();
  void on_bytes(const char* data, size_t size);
  void start_session();
  void on_timer();
  void arm(uint64_t due_ms);
  void write(const std::string& bytes);
  void flush();

  void send(const std::string& plain) override;
  void drop(CloudError why) override;
  void established() override;
  void apply_update_when_written() override;

  Reactor& reactor_;
  CloudHost& host_;
  BootMemory& memory_;
  ConnectionListener& listener_;
  int fd_ = -1;
  bool closed_ = false;
  bool tcp_connected_ = false;
  bool apply_pending_ = false;
  uint64_t step_due_ms_ = 0;
  uint64_t armed_due_ms_ = 0;
  Reactor::TimerId timer_ = 0;
  std::string unwritten_;
  std::optional<Handshake> handshake_;
  std::optional<FrameEncoder> encoder_;
  std::optional<FrameDecoder> decoder_;
  std::shared_ptr<Session> session_;
};

}  // namespace vphoton::cloud
