// The Photon's link to the cloud: TCP connection with back-off, handshake, session. Sans-IO parts lie beside it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/reactor.h"
#include "faces/cloud/cloud_host.h"

namespace vphoton {

struct PublishRequest {
  std::string name;
  std::string data;
  bool has_data = false;
  uint32_t ttl = 60;
  bool is_private = false;
  bool with_ack = false;
};

// Why a device leaves on purpose, in the numbers of Device OS 2.x.
struct Goodbye {
  uint32_t cloud_reason = 2;  // the application asked for it
  uint32_t network_reason = 0;
  uint32_t reset_reason = 0;
  uint32_t sleep_seconds = 0;
};

class CloudLink {
 public:
  CloudLink(Reactor& reactor, CloudHost& host);
  virtual ~CloudLink();

  virtual void connect();                   // starts trying; keeps trying with back-off until disconnect()
  virtual void disconnect();                // closes at once, stops trying
  void disconnect(const Goodbye& goodbye);  // the same, but tells the cloud before (Device OS 2.x and later)
  bool wanted() const;
  virtual bool connected() const;  // Hello answered

  // setup() has returned (or the application is threaded): application describe and subscriptions may be sent.
  void application_ready();
  // The application goes on after a debugger had stopped it.
  void application_released();
  // A subscription was registered after application_ready().
  virtual void subscriptions_changed();

  // False when refused at once: not connected, rate limited, name or data too long, update running.
  // With `with_ack`, `done` is called with the outcome (20 s limit); without, true is final and `done` is unused.
  virtual bool publish(const PublishRequest& request, std::function<void(bool ok)> done = nullptr);
  // Whether updates are enabled or forced has changed.
  void update_flags_changed();
  void sync_time();
  bool update_running() const;

 protected:
  // For one that is no connection.
  CloudLink();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vphoton
