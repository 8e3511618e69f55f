// TCPClient and TCPServer.
#include "spark_wiring_tcpclient.h"
#include "spark_wiring_tcpserver.h"
#include "spark_wiring_wifi.h"

void TCPClient::Connection::close() {
  if (socket_handle_valid(socket)) socket_close(socket);
  socket = socket_handle_invalid();
}

TCPClient::TCPClient() : TCPClient(socket_handle_invalid()) {}
TCPClient::TCPClient(sock_handle_t socket) : connection_(std::make_shared<Connection>(socket)) {
  sock_peer_t peer = {};
  peer.size = sizeof peer;
  if (is_open() && socket_peer(socket, &peer, nullptr) == 0) connection_->remote = IPAddress(peer.address);
}

uint8_t TCPClient::status() {
  return is_open() && spark::WiFi.ready() && socket_active_status(connection_->socket) == SOCKET_STATUS_ACTIVE;
}

int TCPClient::connect(const char* host, uint16_t port, network_interface_t interface) {
  stop();
  HAL_IPAddress address = {};
  if (!spark::WiFi.ready() || inet_gethostbyname(host, strlen(host), &address, interface, nullptr) != 0) return 0;
  return connect(IPAddress(address), port, interface);
}

int TCPClient::connect(IPAddress ip, uint16_t port, network_interface_t interface) {
  stop();
  if (!spark::WiFi.ready()) return 0;
  connection_->socket = socket_create(AF_INET, SOCK_STREAM, IPPROTO_TCP, port, interface);
  if (!is_open()) return 0;
  flush_buffer();
  const sockaddr_t to = {AF_INET, {uint8_t(port >> 8), uint8_t(port), ip[0], ip[1], ip[2], ip[3]}};
  if (socket_connect(connection_->socket, &to, sizeof to) != 0) {
    stop();
    return 0;
  }
  connection_->remote = ip;
  return 1;
}

size_t TCPClient::write(const uint8_t* buffer, size_t size, system_tick_t timeout) {
  clearWriteError();
  const int sent = status() ? socket_send_ex(connection_->socket, buffer, size, 0, timeout, nullptr) : -1;
  if (sent >= 0) return static_cast<size_t>(sent);
  setWriteError(sent);
  return 0;
}

int TCPClient::available() {
  Connection& now = *connection_;
  if (now.read == now.held) flush_buffer();
  if (spark::WiFi.ready() && is_open() && now.held < sizeof now.buffer) {
    const int got = socket_receive(now.socket, now.buffer + now.held, sizeof now.buffer - now.held, 0);
    if (got > 0) now.held += static_cast<size_t>(got);
  }
  return static_cast<int>(buffered());
}

int TCPClient::read() { return buffered() || available() ? connection_->buffer[connection_->read++] : -1; }

int TCPClient::read(uint8_t* buffer, size_t size) {
  if (!buffered() && !available()) return -1;
  const size_t count = size < buffered() ? size : buffered();
  memcpy(buffer, connection_->buffer + connection_->read, count);
  connection_->read += count;
  return static_cast<int>(count);
}

int TCPClient::peek() { return buffered() || available() ? connection_->buffer[connection_->read] : -1; }

void TCPClient::flush_buffer() { connection_->read = connection_->held = 0; }

void TCPClient::stop() {
  connection_->close();
  connection_->remote.clear();
  flush_buffer();
}

uint8_t TCPClient::connected() {
  if (status() || buffered()) return 1;
  if (!is_open()) return 0;
  if (available()) return 1;
  stop();
  return 0;
}

IPAddress TCPClient::remoteIP() { return connection_->remote; }

bool TCPServer::begin() {
  stop();
  const sock_result_t made = spark::WiFi.ready() ? socket_create_tcp_server(port_, interface_) : -1;
  if (made >= 0) socket_ = static_cast<sock_handle_t>(made);
  return made >= 0;
}

TCPClient TCPServer::available() {
  if (!spark::WiFi.ready() || !socket_handle_valid(socket_)) return TCPClient();
  const sock_result_t came = socket_accept(socket_);
  if (came < 0) return TCPClient();
  client_ = TCPClient(static_cast<sock_handle_t>(came));
  return client_;
}

void TCPServer::stop() {
  client_.stop();
  if (socket_handle_valid(socket_)) socket_close(socket_);
  socket_ = socket_handle_invalid();
}

size_t TCPServer::write(const uint8_t* buffer, size_t size, system_tick_t timeout) {
  const size_t taken = client_.write(buffer, size, timeout);
  setWriteError(client_.getWriteError());
  return taken;
}
