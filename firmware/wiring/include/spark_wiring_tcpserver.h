// Takes TCP connections at a port.
#pragma once

#include "spark_wiring_print.h"
#include "spark_wiring_tcpclient.h"

class TCPServer : public Print {
 public:
  TCPServer(uint16_t port, network_interface_t interface = 0) : port_(port), interface_(interface) {}
  ~TCPServer() { stop(); }

  bool begin();
  TCPClient available();  // the next connection, or one that is not connected
  void stop();
  // To the connection that came last.
  size_t write(uint8_t one) override { return write(&one, 1); }
  size_t write(const uint8_t* buffer, size_t size) override { return write(buffer, size, SOCKET_WAIT_FOREVER); }
  size_t write(uint8_t one, system_tick_t timeout) { return write(&one, 1, timeout); }
  size_t write(const uint8_t* buffer, size_t size, system_tick_t timeout);
  using Print::write;

 private:
  uint16_t port_;
  network_interface_t interface_;
  sock_handle_t socket_ = socket_handle_invalid();
  TCPClient client_;
};
