// UDP.
#include "spark_wiring_udp.h"

#include <stdlib.h>

#include "spark_wiring_wifi.h"

namespace {

constexpr size_t kDefaultBuffer = 512;

}  // namespace

bool UDP::setBuffer(size_t size, uint8_t* buffer) {
  releaseBuffer();
  own_ = buffer == nullptr && size > 0;
  buffer_ = own_ ? static_cast<uint8_t*>(malloc(size)) : buffer;
  size_ = buffer_ ? size : 0;
  return size_ == size;
}

void UDP::releaseBuffer() {
  if (own_) free(buffer_);
  buffer_ = nullptr;
  own_ = false;
  size_ = 0;
  flush_buffer();
}

uint8_t UDP::begin(uint16_t port, network_interface_t interface) {
  stop();
  if (!spark::WiFi.ready() || (!buffer_ && !setBuffer(kDefaultBuffer))) return 0;
  socket_ = socket_create(AF_INET, SOCK_DGRAM, IPPROTO_UDP, port, interface);
  flush_buffer();
  return socket_handle_valid(socket_);
}

void UDP::stop() {
  if (socket_handle_valid(socket_)) socket_close(socket_);
  socket_ = socket_handle_invalid();
  if (own_) releaseBuffer();
}

int UDP::sendPacket(const uint8_t* data, size_t size, IPAddress to, uint16_t port) {
  sockaddr_t address = {AF_INET, {uint8_t(port >> 8), uint8_t(port), to[0], to[1], to[2], to[3]}};
  return socket_sendto(socket_, data, size, 0, &address, sizeof address);
}

int UDP::receivePacket(uint8_t* buffer, size_t size, system_tick_t timeout) {
  if (!spark::WiFi.ready() || !socket_handle_valid(socket_) || !buffer) return -1;
  sockaddr_t from = {};
  socklen_t from_size = sizeof from;
  const int got = socket_receivefrom_ex(socket_, buffer, size, 0, &from, &from_size, timeout, nullptr);
  if (got > 0) {
    remote_port_ = static_cast<uint16_t>(from.sa_data[0] << 8 | from.sa_data[1]);
    remote_ip_ = IPAddress(from.sa_data[2], from.sa_data[3], from.sa_data[4], from.sa_data[5]);
  }
  return got;
}

int UDP::beginPacket(IPAddress to, uint16_t port) {
  remote_ip_ = to;
  remote_port_ = port;
  flush_buffer();
  return 1;
}

int UDP::beginPacket(const char* host, uint16_t port) {
  HAL_IPAddress address = {};
  if (!spark::WiFi.ready() || inet_gethostbyname(host, strlen(host), &address, 0, nullptr) != 0) return 0;
  return beginPacket(IPAddress(address), port);
}

int UDP::endPacket() {
  const int sent = sendPacket(buffer_, held_, remote_ip_, remote_port_);
  flush_buffer();
  return sent;
}

size_t UDP::write(const uint8_t* data, size_t size) {
  const size_t taken = size < size_ - held_ ? size : size_ - held_;
  memcpy(buffer_ + held_, data, taken);
  held_ += taken;
  return taken;
}

int UDP::parsePacket(system_tick_t timeout) {
  flush_buffer();
  const int got = receivePacket(buffer_, size_, timeout);
  if (got > 0) held_ = static_cast<size_t>(got);
  return available();
}

int UDP::read(unsigned char* to, size_t size) {
  if (!available()) return -1;
  const size_t count = size < held_ - read_ ? size : held_ - read_;
  memcpy(to, buffer_ + read_, count);
  read_ += count;
  return static_cast<int>(count);
}

size_t UDP::printTo(Print& print) const { return print.write(buffer_ + read_, held_ - read_); }

int UDP::joinMulticast(const IPAddress& group) {
  if (!spark::WiFi.ready()) return -1;
  return socket_join_multicast(&group.raw(), 0, nullptr);
}

int UDP::leaveMulticast(const IPAddress& group) {
  if (!spark::WiFi.ready()) return -1;
  return socket_leave_multicast(&group.raw(), 0, nullptr);
}
