#include "faces/softap/tcp_service.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vphoton {
namespace {

constexpr int kBacklog = 5;  // Device OS 2.3.1, softap

}  // namespace

bool TcpService::start(const Port& port) {
  stop();
  lost_.clear();
  listener_ = port.listen(kBacklog);
  if (listener_ < 0) return false;
  reactor_.watch(listener_, POLLIN, [this](short) { accept_next(); });
  return true;
}

void TcpService::stop() {
  if (listener_ < 0) return;
  reactor_.forget(listener_);
  close(listener_);
  listener_ = -1;
  active_.reset();
  // Answers on their way still arrive: closing a socket does not take back what was sent.
  leaving_.clear();
}

void TcpService::accept_next() {
  int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  reactor_.modify(listener_, 0);
  request_ = TcpRequest();
  active_ = std::make_unique<Connection>(reactor_, fd, [this](const std::string& data) { on_data(data); });
}

void TcpService::on_data(const std::string& data) {
  if (data.empty()) return release();
  switch (request_.feed(data)) {
    case TcpRequest::State::Incomplete:
      return;
    case TcpRequest::State::Complete:
      return answer();
    case TcpRequest::State::Unusable:
      return release();
  }
}

void TcpService::answer() {
  const std::string& command = request_.command();
  if (commands_.run_silent(command) || !SoftApCommands::known(command)) return release();
  std::string text = "\n\n";
  for (const auto& piece : commands_.run(command, request_.body())) text += piece;
  bool ends_setup = SoftApCommands::ends_setup(command);
  if (ends_setup && host_.connect_answer_lost()) {
    fall_silent();
  } else {
    active_->send(text);
    release();
  }
  if (ends_setup) reactor_.after(0, [this] { host_.finish_setup(); });
}

// The access point is gone: nothing arrives any more, not even the end of the connection.
void TcpService::fall_silent() {
  active_->ignore();
  lost_.push_back(std::move(active_));
  reactor_.modify(listener_, POLLIN);
}

void TcpService::release() {
  leaving_.push_back(std::move(active_));
  auto place = std::prev(leaving_.end());
  (*place)->finish([this, place] { leaving_.erase(place); });
  reactor_.modify(listener_, POLLIN);
}

}  // namespace vphoton
