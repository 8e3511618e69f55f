// The Wi-Fi station: joins the newest stored network that is in the air and whose password it knows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/reactor.h"
#include "board/access_point.h"
#include "system/stored/enterprise_credentials.h"
#include "system/stored/wifi_credentials.h"

namespace vphoton {

class Wifi {
 public:
  enum class State { Off, Connecting, Up };

  Wifi(Reactor& reactor, const WifiCredentials& credentials, const EnterpriseCredentials& enterprise);
  ~Wifi();

  // `on_change` after every change of state, `on_join_failed` when no stored network could be joined; by default the
  // station then keeps trying.
  void on_change(std::function<void()> handler) { changed_ = std::move(handler); }
  void on_join_failed(std::function<void()> handler) { join_failed_ = std::move(handler); }

  void connect();
  void disconnect();
  State state() const { return state_; }
  uint64_t attempts() const { return attempts_; }              // to join, since start
  const AccessPoint& access_point() const { return joined_; }  // while Up

  // Networks that send their name: none while the radio is not available.
  std::vector<AccessPoint> scan() const;
  const std::vector<AccessPoint>& air() const { return air_; }
  void set_air(std::vector<AccessPoint> air);
  bool available() const { return available_; }
  void set_available(bool on);

 private:
  void set_state(State state);
  void try_in(uint64_t delay_ms);
  void try_join();
  bool can_join(AccessPoint& found) const;
  std::vector<AccessPoint> reached() const;
  void air_changed();

  Reactor& reactor_;
  const WifiCredentials& credentials_;
  const EnterpriseCredentials& enterprise_;
  std::vector<AccessPoint> air_ = default_air();
  bool available_ = true;
  State state_ = State::Off;
  AccessPoint joined_;
  uint64_t attempts_ = 0;
  Reactor::TimerId timer_ = 0;
  std::function<void()> changed_;
  std::function<void()> join_failed_;
};

}  // namespace vphoton
