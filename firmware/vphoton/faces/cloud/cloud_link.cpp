#include "faces/cloud/cloud_link.h"

#include <utility>

#include "faces/cloud/back_off.h"
#include "faces/cloud/connection.h"

namespace vphoton {
namespace {

using cloud::BackOff;
using cloud::BootMemory;
using cloud::Connection;
using cloud::Session;
using State = CloudHost::CloudState;

// A server that answers Hello and hangs up at once is not asked again sooner than this (a choice).
constexpr uint64_t kMinAttemptDistanceMs = 1000;
constexpr uint64_t kAskAgainMs = 2000;  // a choice

}  // namespace

class CloudLink::Impl : private cloud::ConnectionListener {
 public:
  Impl(Reactor& reactor, CloudHost& host) : reactor_(reactor), host_(host) {}

  ~Impl() override {
    for (Reactor::TimerId timer : {retry_, abandoned_update_, apply_})
      if (timer) reactor_.cancel(timer);
  }

  void connect() {
    if (std::exchange(wanted_, true)) return;
    back_off_.reset();
    attempt();
  }

  void disconnect() {
    wanted_ = false;
    if (retry_) reactor_.cancel(std::exchange(retry_, 0));
    if (auto connection = connection_) connection->close(CloudError::ClosedByDevice);
    if (!wanted_) set_state(State::Disconnected);  // unless a handler has called connect() meanwhile
  }

  void disconnect(const Goodbye& goodbye) {
    with_session([&](Session& session) { session.say_goodbye(goodbye); });
    disconnect();
  }

  void update_flags_changed() {
    with_session([](Session& session) { session.update_flags_changed(); });
  }

  bool wanted() const { return wanted_; }

  bool connected() const {
    const Session* current = session();
    return current && current->established();
  }

  void application_ready() {
    memory_.application_ready = true;
    with_session([](Session& session) { session.application_ready(); });
  }

  void application_released() {
    with_session([](Session& session) { session.application_released(); });
  }

  void subscriptions_changed() {
    with_session([](Session& session) { session.subscriptions_changed(); });
  }

  bool publish(const PublishRequest& request, std::function<void(bool ok)> done) {
    bool accepted = false;
    with_session([&](Session& session) { accepted = session.publish(request, std::move(done)); });
    return accepted;
  }

  void sync_time() {
    with_session([](Session& session) { session.sync_time(); });
  }

  bool update_running() const {
    const Session* current = session();
    return current && current->update_running();
  }

 private:
  Session* session() const { return connection_ ? connection_->session() : nullptr; }

  template <typename Use>
  void with_session(Use use) {
    auto connection = connection_;
    if (!connection || !connection->session()) return;
    use(*connection->session());
    connection->rearm();
  }

  void attempt() {
    retry_ = 0;
    if (connection_) return;
    last_attempt_ms_ = reactor_.now_ms();
    set_state(State::Connecting);
    if (!wanted_ || connection_) return;  // a handler may have changed its mind
    if (!host_.may_connect()) return retry_in(kAskAgainMs);
    cloud::ConnectionListener& listener = *this;
    auto connection = connection_ = std::make_shared<Connection>(reactor_, host_, memory_, listener);
    connection->open();
  }

  void retry_in(uint64_t delay_ms) {
    if (!retry_) retry_ = reactor_.after(delay_ms, [this] { attempt(); }, true);
  }

  void set_state(State state) {
    if (std::exchange(state_, state) != state) host_.cloud_state_changed(state);
  }

  void tcp_connected() override { set_state(State::Handshaking); }

  void session_established() override {
    back_off_.reset();
    set_state(State::Connected);
  }

  void connection_closed(CloudError why) override {
    const bool was_established = state_ == State::Connected;
    remember_abandoned_update();
    connection_.reset();
    host_.cloud_error(why);
    if (was_established) set_state(State::Disconnected);
    if (!wanted_ || connection_) return;
    if (!was_established) {
      set_state(State::Connecting);
      return retry_in(back_off_.next_ms());
    }
    const uint64_t since_attempt = reactor_.now_ms() - last_attempt_ms_;
    retry_in(since_attempt >= kMinAttemptDistanceMs ? 0 : kMinAttemptDistanceMs - since_attempt);
  }

  // The system watches an update even when the connection is gone: 30 s after the last chunk it gives up, unless
  // another update has begun by then.
  void remember_abandoned_update() {
    const auto due = session() ? session()->update_deadline() : std::nullopt;
    if (!due) return;
    const uint64_t now = reactor_.now_ms();
    if (abandoned_update_) reactor_.cancel(abandoned_update_);
    abandoned_update_ = reactor_.after(*due > now ? *due - now : 0, [this, begun = memory_.updates_begun] {
      abandoned_update_ = 0;
      if (memory_.updates_begun == begun) host_.ota_abort();
    });
  }

  void update_ready_to_apply() override {
    if (!apply_)
      apply_ = reactor_.after(0, [this] {
        apply_ = 0;
        host_.ota_apply();
      });
  }

  Reactor& reactor_;
  CloudHost& host_;
  BootMemory memory_;
  BackOff back_off_;
  std::shared_ptr<Connection> connection_;
  bool wanted_ = false;
  State state_ = State::Disconnected;
  uint64_t last_attempt_ms_ = 0;
  Reactor::TimerId retry_ = 0;
  Reactor::TimerId abandoned_update_ = 0;
  Reactor::TimerId apply_ = 0;
};

CloudLink::CloudLink(Reactor& reactor, CloudHost& host) : impl_(std::make_unique<Impl>(reactor, host)) {}
CloudLink::CloudLink() = default;
CloudLink::~CloudLink() = default;

void CloudLink::connect() { impl_->connect(); }
void CloudLink::disconnect() { impl_->disconnect(); }
void CloudLink::disconnect(const Goodbye& goodbye) { impl_->disconnect(goodbye); }
void CloudLink::update_flags_changed() { impl_->update_flags_changed(); }
bool CloudLink::wanted() const { return impl_->wanted(); }
bool CloudLink::connected() const { return impl_->connected(); }
void CloudLink::application_ready() { impl_->application_ready(); }
void CloudLink::application_released() { impl_->application_released(); }
void CloudLink::subscriptions_changed() { impl_->subscriptions_changed(); }
bool CloudLink::publish(const PublishRequest& request, std::function<void(bool ok)> done) {
  return impl_->publish(request, std::move(done));
}
void CloudLink::sync_time() { impl_->sync_time(); }
bool CloudLink::update_running() const { return impl_->update_running(); }

}  // namespace vphoton
