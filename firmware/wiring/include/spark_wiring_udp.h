// Datagrams.
#pragma once

#include "device_os/functions.h"
#include "spark_wiring_ipaddress.h"
#include "spark_wiring_printable.h"
#include "spark_wiring_stream.h"

class UDP : public Stream, public Printable {
 public:
  UDP() = default;
  ~UDP() { stop(); }
  UDP(const UDP&) = delete;
  UDP& operator=(const UDP&) = delete;

  // Room for a datagram, 512 bytes by default. False: there is no memory.
  bool setBuffer(size_t size, uint8_t* buffer = nullptr);
  void releaseBuffer();

  uint8_t begin(uint16_t port, network_interface_t interface = 0);  // 1, or 0: it failed
  void stop();

  // Bytes sent, or an error.
  int sendPacket(const uint8_t* data, size_t size, IPAddress to, uint16_t port);
  int sendPacket(const char* data, size_t size, IPAddress to, uint16_t port) {
    return sendPacket(reinterpret_cast<const uint8_t*>(data), size, to, port);
  }
  // Bytes of the next datagram, of which what the buffer has no room for is lost; 0: none has come.
  int receivePacket(uint8_t* buffer, size_t size, system_tick_t timeout = 0);
  int receivePacket(char* buffer, size_t size, system_tick_t timeout = 0) {
    return receivePacket(reinterpret_cast<uint8_t*>(buffer), size, timeout);
  }

  int beginPacket(IPAddress to, uint16_t port);
  int beginPacket(const char* host, uint16_t port);
  int endPacket();
  size_t write(uint8_t one) override { return write(&one, 1); }
  size_t write(const uint8_t* data, size_t size) override;
  using Print::write;

  int parsePacket(system_tick_t timeout = 0);  // bytes of the next datagram, which are then read
  int available() override { return static_cast<int>(held_ - read_); }
  int read() override { return available() ? buffer_[read_++] : -1; }
  int read(unsigned char* to, size_t size);
  int read(char* to, size_t size) { return read(reinterpret_cast<unsigned char*>(to), size); }
  int peek() override { return available() ? buffer_[read_] : -1; }
  void flush() override {}
  void flush_buffer() { read_ = held_ = 0; }
  const uint8_t* buffer() const { return buffer_; }
  size_t printTo(Print& print) const override;

  IPAddress remoteIP() { return remote_ip_; }
  uint16_t remotePort() { return remote_port_; }
  // 0, or an error.
  int joinMulticast(const IPAddress& group);
  int leaveMulticast(const IPAddress& group);

 protected:
  sock_handle_t socket() { return socket_; }

 private:
  sock_handle_t socket_ = socket_handle_invalid();
  IPAddress remote_ip_;
  uint16_t remote_port_ = 0;
  uint8_t* buffer_ = nullptr;
  size_t size_ = 0;
  bool own_ = false;  // it is freed with this
  size_t read_ = 0;
  size_t held_ = 0;
};
