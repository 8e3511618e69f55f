#include "base/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace vphoton {
namespace {

constexpr uint64_t kLingerMs = 1000;
constexpr size_t kReadSize = 4096;

}  // namespace

Connection::Connection(Reactor& reactor, int fd, DataHandler on_data)
    : reactor_(reactor), fd_(fd), on_data_(std::move(on_data)) {
  fcntl(fd_, F_SETFL, fcntl(fd_, F_GETFL) | O_NONBLOCK);
  reactor_.watch(fd_, POLLIN, [this](short events) { on_events(events); });
}

Connection::~Connection() {
  reactor_.forget(fd_);
  reactor_.cancel(timer_);
  close(fd_);
}

void Connection::send(const std::string& data) {
  unsent_ += data;
  flush();
}

void Connection::flush() {
  while (!unsent_.empty()) {
    ssize_t put = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno != EAGAIN) unsent_.clear();  // nobody reads any more; the next read tells
    if (put <= 0) break;
    unsent_.erase(0, static_cast<size_t>(put));
  }
  reactor_.modify(fd_, static_cast<short>(unsent_.empty() ? POLLIN : POLLIN | POLLOUT));
  if (finishing_ && unsent_.empty()) shutdown(fd_, SHUT_WR);
}

void Connection::ignore() {
  on_data_ = [](const std::string&) {};
}

void Connection::finish(std::function<void()> done) {
  finishing_ = true;
  done_ = std::move(done);
  timer_ = reactor_.after(kLingerMs, [this] { over(); });
  flush();
}

void Connection::over() {
  reactor_.cancel(timer_);
  reactor_.forget(fd_);
  auto done = std::move(done_);
  done_ = nullptr;
  if (done) done();
}

void Connection::on_events(short events) {
  if (events & POLLOUT) flush();
  if (!(events & (POLLIN | POLLHUP | POLLERR))) return;
  char buffer[kReadSize];
  ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (finishing_) {
    if (got <= 0) over();
    return;
  }
  if (got <= 0) reactor_.forget(fd_);
  DataHandler handler = on_data_;  // a copy: it may destroy this object
  handler(got > 0 ? std::string(buffer, static_cast<size_t>(got)) : std::string());
}

}  // namespace vphoton
