#include "softap/http_service.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace vphoton {
namespace {

// Device OS 2.3.1, HTTP server library.
constexpr size_t kMostConnections = 10;
constexpr char kBusy[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n";
constexpr char kToIndex[] = "HTTP/1.1 301\r\nLocation: /index\r\nContent-Length: 0\r\n\r\n";
constexpr char kNotFound[] = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n";
constexpr char kHello[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nSoft AP Setup";
constexpr char kDynamicHeaders[] =
    "Cache-Control: no-store, no-cache, must-revalidate, post-check=0, pre-check=0\r\nPragma: no-cache\r\n"
    "Connection: Keep-Alive\r\nAccess-Control-Allow-Origin: *\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr char kCommandPageType[] = "application/octet-stream";

std::string chunked(const std::vector<std::string>& pieces) {
  std::string text;
  for (const auto& piece : pieces) {
    char size[16];
    snprintf(size, sizeof size, "%zx\r\n", piece.size());
    text += size + piece + "\r\n";
  }
  return text + "0\r\n\r\n";
}

// Pages that are no commands; the last ones stand for the default of the application page handler.
std::string page(const std::string& path) {
  if (path == "/") return kToIndex;
  if (path == "/hello") return std::string(kHello, sizeof kHello);  // with its NUL
  if (path == "/index")
    return std::string("HTTP/1.1 301 Moved Permanently\r\nLocation: /hello\r\nContent-Type: text/plain\r\n") +
           kDynamicHeaders + chunked({});
  return kNotFound;
}

// Empty when the request names no command, or carries a type its page is not served to.
std::string command_of(const HttpRequest& request) {
  const std::string& path = request.path();
  if (path.empty() || path[0] != '/' || !SoftApCommands::known(path.substr(1))) return "";
  return http_type_accepted(request.content_type(), kCommandPageType) ? path.substr(1) : "";
}

}  // namespace

bool HttpService::start(const Port& port) {
  stop();
  listener_ = port.listen(static_cast<int>(kMostConnections));
  if (listener_ < 0) return false;
  reactor_.watch(listener_, POLLIN, [this](short) { accept_next(); });
  return true;
}

void HttpService::stop() {
  if (listener_ < 0) return;
  reactor_.forget(listener_);
  close(listener_);
  listener_ = -1;
  clients_.clear();
}

void HttpService::accept_next() {
  int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd < 0) return;
  auto active = std::count_if(clients_.begin(), clients_.end(), [](const Client& each) { return !each.leaving; });
  clients_.emplace_back();
  ClientPlace client = std::prev(clients_.end());
  client->connection =
      std::make_unique<Connection>(reactor_, fd, [this, client](const std::string& data) { on_data(client, data); });
  if (static_cast<size_t>(active) < kMostConnections) return;
  client->connection->send(kBusy);
  release(client);
}

void HttpService::on_data(ClientPlace client, const std::string& data) {
  if (data.empty()) return release(client);
  switch (client->request.feed(data)) {
    case HttpRequest::State::Incomplete:
      return;
    case HttpRequest::State::Complete:
      return answer(client);
    case HttpRequest::State::Unusable:
      return release(client);
  }
}

void HttpService::answer(ClientPlace client) {
  HttpRequest request = std::move(client->request);
  client->request = HttpRequest();
  std::string command = command_of(request);
  client->connection->send(command.empty() ? page(request.path()) : command_page(command, request.body()));
  if (request.wants_close()) release(client);
  if (SoftApCommands::ends_setup(command)) reactor_.after(0, [this] { host_.finish_setup(); });
}

void HttpService::release(ClientPlace client) {
  client->leaving = true;
  client->connection->finish([this, client] { clients_.erase(client); });
}

std::string HttpService::command_page(const std::string& command, const std::string& body) {
  return std::string("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n") + kDynamicHeaders +
         chunked(commands_.run(command, body));
}

}  // namespace vphoton
