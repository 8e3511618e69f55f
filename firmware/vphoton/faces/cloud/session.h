// One cloud session, of either engine of Device OS, without sockets: plaintext messages and a clock in, plaintext
// messages out. What the version of Device OS changes is looked up in its Generation.
//
//   start() ─ Hello ─► wait for Hello, 2 or 4 s ─ POST h ─► established ─ drop or close() ─► closed
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

#include "faces/cloud/boot_memory.h"
#include "faces/cloud/cloud_host.h"
#include "faces/cloud/cloud_link.h"
#include "faces/cloud/coap.h"
#include "faces/cloud/describe_blocks.h"
#include "faces/cloud/generation.h"
#include "faces/cloud/ota_update.h"
#include "faces/cloud/pending_acks.h"
#include "faces/cloud/session_channel.h"

namespace vphoton::cloud {

class Session : public std::enable_shared_from_this<Session> {
 public:
  static constexpr uint64_t kPingAfterMs = 15000;
  static constexpr uint64_t kPingTimeoutMs = 10000;
  static constexpr size_t kMaxWaitingMessages = 512;
  static constexpr uint64_t kResultEventMs = 1000;  // between ota_result and the reset, Device OS up to 0.6

  struct Start {
    uint16_t message_id;  // from the salt; the first message carries the next one
    uint8_t token;        // first token used

    // The legacy engine takes the id big-endian and the token from the salt, the unified one the id little-endian and
    // a random token.
    static Start from_salt(const std::array<uint8_t, 8>& salt, const Generation& generation);
  };

  // Must be owned by a shared_ptr. `host`, `memory` and `channel` outlive the session or it is closed before they go.
  Session(CloudHost& host, BootMemory& memory, SessionChannel& channel, std::function<uint64_t()> now_ms, Start start);

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
  // The application goes on after a debugger had stopped it.
  void application_released();
  void subscriptions_changed();
  bool publish(const PublishRequest& request, std::function<void(bool ok)> done);
  void update_flags_changed();
  void say_goodbye(const Goodbye& why);
  void sync_time();

 private:
  enum class State { New, AwaitHello, Established, Closed };
  enum class Handling { Now, InTurn };

  bool closed() const { return state_ == State::Closed; }
  uint16_t next_id() { return ++message_id_; }
  // Of answers to ping and signal: the unified engine spends an id of its own instead of repeating the request's.
  uint16_t answer_id(const CoapMessage& message) { return generation_.legacy() ? message.id() : next_id(); }
  Token token_of(const CoapMessage& message) const;
  std::string describe(uint8_t flags) const;
  void send(const std::string& plain);
  void drop(CloudError why);

  Handling handling_of(const CoapMessage& message) const;
  bool needs_application(const CoapMessage& message) const;
  void handle_waiting();
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
  void send_subscriptions();
  void post_describe(uint8_t flags);
  void finish_update(OtaUpdate::Outcome outcome);
  void send_system_event(const char* name, const std::string& data);
  void send_subscription(const Subscription& subscription, bool from_table);

  CloudHost& host_;
  const Generation& generation_;
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
  std::string previous_argument_;                   // legacy engine
  std::optional<bool> enabled_told_, forced_told_;  // the last update flags published
  std::optional<uint64_t> apply_ms_;                // Device OS up to 0.6: when the accepted update is to be applied
  PendingAcks pending_acks_;
  DescribeBlocks blocks_;
  OtaUpdate update_;
};

}  // namespace vphoton::cloud
