#include "faces/softap/http_service.h"

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
constexpr char kDynamicPageType[] = "application/octet-stream";
constexpr char kHelloPageType[] = "text/plain";

std::string chunked(const std::vector<std::string>& pieces) {
  std::string text;
  for (const auto& piece : pieces) {
    if (piece.empty()) continue;
    char size[20];
    snprintf(size, sizeof size, "%zx\r\n", piece.size());
    text += size + piece + "\r\n";
  }
  return text + "0\r\n\r\n";
}

// Device OS 2.3.1, HTTP server library; 415 goes out as 406.
const char* status_line(int code) {
  switch (code) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 204:
      return "HTTP/1.1 204 No Content\r\n";
    case 207:
      return "HTTP/1.1 207 Multi-Status\r\n";
    case 301:
      return "HTTP/1.1 301\r\n";
    case 403:
      return "HTTP/1.1 403\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 406:
    case 415:
      return "HTTP/1.1 406\r\n";
    case 412:
      return "HTTP/1.1 412 Precondition Failed\r\n";
    case 429:
      return "HTTP/1.1 429 Too Many Requests\r\n";
    case 444:
      return "HTTP/1.1 444\r\n";
    case 470:
      return "HTTP/1.1 470 Connection Authorization Required\r\n";
    case 500:
      return "HTTP/1.1 500 Internal Server Error\r\n";
    case 504:
      return "HTTP/1.1 504 Not Able to Connect\r\n";
    default:
      return "HTTP/1.1 400 Bad Request\r\n";
  }
}

std::string dynamic_page(const Page& page) {
  std::string text;
  if (page.head) {
    text = status_line(page.head->code) + page.head->headers;
    // A type the server does not know is left out: a choice.
    if (http_type_known(page.head->mime_type)) text += "Content-Type: " + page.head->mime_type + "\r\n";
    text += kDynamicHeaders;
  }
  return text + chunked(page.pieces);
}

// Empty when the request names no command, or carries a type its page is not served to.
std::string command_of(const HttpRequest& request) {
  std::string path = request.path();
  if (path.empty() || path[0] != '/' || !SoftApCommands::known(path.substr(1))) return "";
  return http_type_accepted(request.content_type(), kDynamicPageType) ? path.substr(1) : "";
}

}  // namespace

bool HttpService::start(const Port& port) {
  stop();
  lost_.clear();
  listener_ = port.listen(static_cast<int>(kMostConnections));
  if (listener_ < 0) return false;
  application_page_ = host_.application_page();
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
  std::string text = response(request, command);
  bool ends_setup = SoftApCommands::ends_setup(command);
  if (ends_setup && host_.connect_answer_lost()) {
    // The access point is gone: nothing arrives any more, not even the end of the connection.
    client->connection->ignore();
    lost_.push_back(std::move(client->connection));
    clients_.erase(client);
  } else {
    client->connection->send(text);
    if (request.wants_close()) release(client);
  }
  if (ends_setup) reactor_.after(0, [this] { host_.finish_setup(); });
}

void HttpService::release(ClientPlace client) {
  client->leaving = true;
  client->connection->finish([this, client] { clients_.erase(client); });
}

std::string HttpService::response(const HttpRequest& request, const std::string& command) {
  if (!command.empty())
    return dynamic_page({PageHead{200, "application/json", ""}, commands_.run(command, request.body())});
  std::string path = request.path();
  if (path == "/") return kToIndex;
  bool hello = path == "/hello";
  if (!http_type_accepted(request.content_type(), hello ? kHelloPageType : kDynamicPageType)) return kNotFound;
  if (hello) return std::string(kHello, sizeof kHello);  // with its NUL
  if (path.empty() || path[0] != '/' || SoftApCommands::known(path.substr(1))) return kNotFound;
  return dynamic_page(application_page_(request.url(), request.body()));
}

}  // namespace vphoton
