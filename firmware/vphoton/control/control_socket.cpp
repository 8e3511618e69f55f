#include "control/control_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace vphoton {
namespace {

constexpr size_t kLongestPath = 100;
constexpr size_t kLongestLine = 64 * 1024;

}  // namespace

ControlSocket::~ControlSocket() {
  if (listener_ < 0) return;
  reactor_.forget(listener_);
  close(listener_);
}

std::string ControlSocket::open(const std::string& folder, const std::string& inherited_folder) {
  path_ = folder + "/control";
  if (path_.size() >= kLongestPath) {
    const char* base = getenv("TMPDIR");
    own_folder_ = inherited_folder;
    if (own_folder_.empty()) {
      own_folder_ = std::string(base && *base ? base : "/tmp") + "/vphoton-XXXXXX";
      if (!mkdtemp(own_folder_.data())) return own_folder_ + ": " + strerror(errno);
    }
    path_ = own_folder_ + "/control";
    if (path_.size() >= kLongestPath) return path_ + ": too long for a socket; set TMPDIR to a shorter path";
  }
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  unlink(path_.c_str());  // left by a power cut; the lock on the folder says that nobody else uses it
  mode_t before = umask(0177);
  bool bound = listener_ >= 0 && bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  umask(before);
  if (!bound || listen(listener_, 8) != 0) return path_ + ": " + strerror(errno);
  reactor_.watch(listener_, POLLIN, [this](short) { accept_next(); });
  return "";
}

void ControlSocket::unlink_socket() { unlink(path_.c_str()); }

void ControlSocket::remove() {
  unlink_socket();
  if (!own_folder_.empty()) rmdir(own_folder_.c_str());
}

void ControlSocket::accept_next() {
  int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  clients_.emplace_back();
  ClientPlace client = std::prev(clients_.end());
  client->connection =
      std::make_unique<Connection>(reactor_, fd, [this, client](const std::string& data) { on_data(client, data); });
}

void ControlSocket::on_data(ClientPlace client, const std::string& data) {
  if (data.empty() || client->received.size() + data.size() > kLongestLine)
    client->gone = true;
  else
    client->received += data;
  if (client->busy) return;  // a request made the firmware wait, and more arrived meanwhile
  client->busy = true;
  size_t end;
  while (!client->gone && (end = client->received.find('\n')) != std::string::npos) {
    std::string line = client->received.substr(0, end);
    client->received.erase(0, end + 1);
    client->connection->send(answer(line) + "\n");
  }
  client->busy = false;
  if (client->gone) clients_.erase(client);
}

std::string ControlSocket::answer(const std::string& line) {
  auto request = JsonValue::parse(line);
  if (!request || request->type != JsonValue::Type::Object)
    return control_error("a request is one JSON object per line");
  return handler_(*request);
}

std::string control_error(const std::string& text) { return JsonObject().add("ok", false).add("error", text).str(); }

}  // namespace vphoton
