// One established cloud session of Device OS 0.8 ... 2.3.1 (unified engine), without sockets: plaintext messages and a
// clock in, plaintext messages out.
//
//   start() ─ Hello ─► wait for Hello, 4 s ─ POST h ─► established ─ drop or close() ─► closed
//
// Application code runs inside receive() and may run the reactor itself (delay()), so messages can arrive while another
// is being handled. Those that need no application code are answered at once; the rest wait their turn.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cloud/boot_memory.h"
#include "cloud/cloud_host.h"
#include "cloud/cloud_link.h"
#include "cloud/coap.h"
#include "cloud/ota_update.h"
#include "cloud/pending_acks.h"
#include "cloud/session_channel.h"

namespace vphoton::cloud {

class Session : public std::enable_shared_from_this<Session> {
 public:
  static constexpr uint64_t kHelloTimeoutMs = 4000;
  static constexpr uint64_t kPingAfterMs = 15000;
  static constexpr uint64_t kPingTimeoutMs = 10000;
  static constexpr size_t kMaxWaitingMessages = 512;

  struct Start {
    uint16_t message_id;  // from the salt; the first message carries the next one
    uint8_t token;        // first token used
  };

  // Must be owned by a shared_ptr. `host`, `memory` and `channel` outlive the session or it is closed before they go.
  Session(CloudHost& host, BootMemory& memory, SessionChannel& channel, std::function<uint64_t()> now_ms, Start start);

  // Message ids start from the first two salt bytes, little-endian in this engine.
  static uint16_t message_id_from_salt(const std::array<uint8_t, 8>& salt);

  void start();
  void receive(const std::string& plain);
  // Does what is due. To be called no later than deadline().
  void tick();
  uint64_t deadline() const;
  // Nothing is sent or handled any more; waiting publishes fail.
  void close();

  bool established() const { return state_ == State::Established; }
  bool update_running() const { return !closed() && update_.running(); }
  std::optional<uint64_t> update_deadline() const { return update_.deadline(); }

  void application_ready();
  void subscriptions_changed();
  bool publish(const PublishRequest& request, std::function<void(bool ok)> done);
  void sync_time();

 private:
  enum class State { New, AwaitHello, Established, Closed };
  enum class Handling { Now, InTurn };

  bool closed() const { return state_ == State::Closed; }
  uint16_t next_id() { return ++message_id_; }
  void send(const std::string& plain);
  void drop(CloudError why);

  static Handling handling_of(const CoapMessage& message);
  void dispatch(const CoapMessage& message);
  void on_get(const CoapMessage& message);
  void on_post(const CoapMessage& message);
  void on_put(const CoapMessage& message);
  void on_acknowledgement(const CoapMessage& message);
  void on_hello(const CoapMessage& message);
  void on_describe(const CoapMessage& message);
  void on_variable(const CoapMessage& message);
  void on_function(const CoapMessage& message);
  void on_event(const CoapMessage& message);
  void on_time(const CoapMessage& message);
  void on_signal(const CoapMessage& message);

  void send_system_start();
  void send_application_start();
  void send_system_event(const char* name, const std::string& data);
  void send_subscription(const Subscription& subscription, bool from_table);

  CloudHost& host_;
  BootMemory& memory_;
  SessionChannel& channel_;
  std::function<uint64_t()> now_ms_;
  State state_ = State::New;
  uint16_t message_id_;
  uint8_t token_;
  uint64_t started_ms_ = 0;
  uint64_t last_received_ms_ = 0;
  std::optional<uint64_t> ping_sent_ms_;
  std::optional<uint64_t> time_asked_ms_;
  bool application_told_ = false;
  std::vector<std::string> subscribed_;  // one key for each subscription sent
  bool handling_ = false;
  std::deque<std::string> waiting_;
  PendingAcks pending_acks_;
  OtaUpdate update_;
};

}  // namespace vphoton::cloud
