// The Photon's link to the cloud: TCP connection with back-off, handshake, session. Sans-IO parts lie beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cloud/cloud_host.h"
#include "core/reactor.h"

namespace vphoton {

struct PublishRequest {
  std::string name;
  std::string data;
  bool has_data = false;
  uint32_t ttl = 60;
  bool is_private = false;
  bool with_ack = false;
};

class CloudLink {
 public:
  CloudLink(Reactor& reactor, CloudHost& host);
  ~CloudLink();

  void connect();     // starts trying; keeps trying with back-off until disconnect()
  void disconnect();  // closes at once, stops trying
  bool wanted() const;
  bool connected() const;  // Hello answered

  // setup() has returned (or the application is threaded): application describe and subscriptions may be sent.
  void application_ready();
  // A subscription was registered after application_ready().
  void subscriptions_changed();

  // False when refused at once: not connected, rate limited, name or data too long, update running.
  // With `with_ack`, `done` is called with the outcome (20 s limit); without, true is final and `done` is unused.
  bool publish(const PublishRequest& request, std::function<void(bool ok)> done = nullptr);
  void sync_time();
  bool update_running() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vphoton
