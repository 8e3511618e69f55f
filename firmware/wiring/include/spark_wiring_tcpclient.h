// A TCP connection.
#pragma once

#include <memory>

#include "device_os/functions.h"
#include "spark_wiring_client.h"

#define TCPCLIENT_BUF_MAX_SIZE 128

class TCPClient : public Client {
 public:
  TCPClient();
  TCPClient(sock_handle_t socket);

  uint8_t status();  // 1: connected, and the peer has not ended it
  int connect(IPAddress ip, uint16_t port, network_interface_t interface = 0) override;
  int connect(const char* host, uint16_t port, network_interface_t interface = 0) override;
  size_t write(uint8_t one) override { return write(&one, 1); }
  size_t write(const uint8_t* buffer, size_t size) override { return write(buffer, size, SOCKET_WAIT_FOREVER); }
  size_t write(uint8_t one, system_tick_t timeout) { return write(&one, 1, timeout); }
  // Bytes taken in the time; 0 with a write error.
  size_t write(const uint8_t* buffer, size_t size, system_tick_t timeout);
  int available() override;
  int read() override;
  int read(uint8_t* buffer, size_t size) override;  // -1: nothing is there
  int peek() override;
  void flush() override {}
  void flush_buffer();
  void stop() override;
  uint8_t connected() override;  // also while there are bytes to read
  operator bool() override { return status() != 0; }
  IPAddress remoteIP();
  using Print::write;

 protected:
  sock_handle_t sock_handle() { return connection_->socket; }

 private:
  // Copies of a client share it; the last one closes it.
  struct Connection {
    explicit Connection(sock_handle_t handle) : socket(handle) {}
    ~Connection() { close(); }
    void close();

    sock_handle_t socket;
    IPAddress remote;
    uint8_t buffer[TCPCLIENT_BUF_MAX_SIZE];
    size_t read = 0;
    size_t held = 0;
  };

  bool is_open() { return socket_handle_valid(connection_->socket) != 0; }
  size_t buffered() { return connection_->held - connection_->read; }

  std::shared_ptr<Connection> connection_;
};
