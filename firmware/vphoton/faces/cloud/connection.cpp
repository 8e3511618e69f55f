#include "faces/cloud/connection.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "faces/cloud/server_address.h"

namespace vphoton::cloud {
namespace {

constexpr size_t kReadSize = 4096;

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

Connection::Connection(Reactor& reactor, CloudHost& host, BootMemory& memory, ConnectionListener& listener)
    : reactor_(reactor), host_(host), memory_(memory), listener_(listener) {}

Connection::~Connection() {
  if (session_) session_->close();
  if (timer_) reactor_.cancel(timer_);
  if (fd_ >= 0) {
    reactor_.forget(fd_);
    ::close(fd_);
  }
}

void Connection::open() {
  auto self = shared_from_this();
  const CloudIdentity identity = host_.cloud_identity();
  handshake_.emplace(identity);
  if (handshake_->state() == Handshake::State::Failed) return close(handshake_->error());
  // A Photon binds its local port to the server's port; many virtual ones share a host, so they take any.
  const auto address = resolve(expand_host(identity.host, identity.device_id), identity.port);
  if (!address) return close(CloudError::Unreachable);
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return close(CloudError::Unreachable);
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 && errno != EINPROGRESS)
    return close(CloudError::Unreachable);
  step_due_ms_ = reactor_.now_ms() + kStepTimeoutMs;
  arm(step_due_ms_);
  reactor_.watch(fd_, POLLOUT, [this](short events) { on_events(events); }, true);
}

void Connection::close(CloudError why) {
  if (closed_) return;
  auto self = shared_from_this();
  closed_ = true;
  if (session_) session_->close();
  if (timer_) reactor_.cancel(std::exchange(timer_, 0));
  if (fd_ >= 0) {
    reactor_.forget(fd_);
    ::close(std::exchange(fd_, -1));
  }
  if (std::exchange(apply_pending_, false)) listener_.update_ready_to_apply();
  listener_.connection_closed(why);
}

void Connection::on_events(short events) {
  auto self = shared_from_this();
  if (!tcp_connected_) return on_tcp_connected();
  if (events & POLLOUT) flush();
  if (!closed_ && (events & (POLLIN | POLLHUP | POLLERR))) on_readable();
}

void Connection::on_tcp_connected() {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return close(CloudError::Unreachable);
  tcp_connected_ = true;
  step_due_ms_ = reactor_.now_ms() + kStepTimeoutMs;
  reactor_.modify(fd_, POLLIN);
  listener_.tcp_connected();
}

void Connection::on_readable() {
  char buffer[kReadSize];
  const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
  if (count > 0)
    on_bytes(buffer, static_cast<size_t>(count));
  else if (count == 0 || !would_block())
    close(CloudError::ClosedByServer);
}

void Connection::on_bytes(const char* data, size_t size) {
  if (handshake_) {
    const Handshake::State before = handshake_->state();
    const std::string answer = handshake_->feed(data, size);
    if (!answer.empty()) write(answer);
    if (closed_) return;
    if (handshake_->state() == Handshake::State::Failed) return close(handshake_->error());
    if (handshake_->state() != before) step_due_ms_ = reactor_.now_ms() + kStepTimeoutMs;
    if (handshake_->state() == Handshake::State::Done) start_session();
  } else {
    decoder_->feed(data, size);
  }
  std::string plain;
  while (!closed_ && decoder_) {
    const FrameDecoder::Status status = decoder_->next(plain);
    if (status == FrameDecoder::Status::Broken) return close(CloudError::Framing);
    if (status == FrameDecoder::Status::NeedMore) break;
    session_->receive(plain);
  }
  rearm();
}

void Connection::start_session() {
  const SessionKeys keys = handshake_->keys();
  const std::string surplus = handshake_->surplus();
  handshake_.reset();
  encoder_.emplace(keys.key, keys.iv);
  decoder_.emplace(keys.key, keys.iv, host_.generation().max_received_ciphertext);
  decoder_->feed(surplus.data(), surplus.size());
  SessionChannel& channel = *this;
  const auto start = Session::Start::from_salt(keys.salt, host_.generation());
  session_ = std::make_shared<Session>(host_, memory_, channel, [this] { return reactor_.now_ms(); }, start);
  session_->start();
}

// One timer serves all deadlines. It is moved only when a deadline comes nearer; one that moved away (every message
// moves the next ping) is looked at again when the timer fires, so an idle link costs one wake-up per ping interval.
void Connection::arm(uint64_t due_ms) {
  if (timer_ && armed_due_ms_ <= due_ms) return;
  if (timer_) reactor_.cancel(timer_);
  const uint64_t now = reactor_.now_ms();
  armed_due_ms_ = due_ms;
  timer_ = reactor_.after(due_ms > now ? due_ms - now : 0, [this] { on_timer(); }, true);
}

void Connection::rearm() {
  if (closed_) return;
  const uint64_t due = session_ ? session_->deadline() : step_due_ms_;
  if (due != UINT64_MAX) arm(due);
}

void Connection::on_timer() {
  auto self = shared_from_this();
  timer_ = 0;
  if (session_)
    session_->tick();
  else if (reactor_.now_ms() >= step_due_ms_)
    return close(CloudError::TimedOut);
  rearm();
}

void Connection::write(const std::string& bytes) {
  if (closed_) return;
  unwritten_ += bytes;
  if (unwritten_.size() == bytes.size())
    flush();
  else if (unwritten_.size() > kMaxUnwritten)
    close(CloudError::ClosedByServer);
}

void Connection::flush() {
  while (!unwritten_.empty()) {
    const ssize_t count = ::send(fd_, unwritten_.data(), unwritten_.size(), MSG_NOSIGNAL);
    if (count < 0) {
      if (!would_block()) return close(CloudError::ClosedByServer);
      break;
    }
    unwritten_.erase(0, static_cast<size_t>(count));
  }
  reactor_.modify(fd_, static_cast<short>(unwritten_.empty() ? POLLIN : POLLIN | POLLOUT));
  if (unwritten_.empty() && std::exchange(apply_pending_, false)) listener_.update_ready_to_apply();
}

void Connection::send(const std::string& plain) { write(encoder_->encode(plain)); }

void Connection::drop(CloudError why) { close(why); }

void Connection::established() { listener_.session_established(); }

void Connection::apply_update_when_written() {
  if (closed_ || unwritten_.empty())
    listener_.update_ready_to_apply();
  else
    apply_pending_ = true;
}

}  // namespace vphoton::cloud
