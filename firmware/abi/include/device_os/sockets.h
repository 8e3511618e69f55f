// TCP and UDP. Device OS 2.3.1, socket_hal_compat.h.
#pragma once

#include "network.h"

typedef uint32_t sock_handle_t;
typedef uint32_t socklen_t;
typedef int32_t sock_result_t;

constexpr uint8_t SOCKET_STATUS_ACTIVE = 0;
constexpr uint8_t SOCKET_STATUS_INACTIVE = 1;
constexpr uint32_t SOCKET_WAIT_FOREVER = 0xFFFFFFFF;

constexpr int AF_INET = 2;
enum hal_socket_type { SOCK_STREAM = 1, SOCK_DGRAM = 2 };
constexpr int IPPROTO_TCP = 6;
constexpr int IPPROTO_UDP = 17;

// Of AF_INET: the port, then the address, the first number first.
struct sockaddr_t {
  uint16_t sa_family;
  uint8_t sa_data[14];
};
ABI_SIZE(sockaddr_t, 16);

struct sock_peer_t {
  uint16_t size;
  HAL_IPAddress address;
  uint16_t port;
};
ABI_FIELD(sock_peer_t, address, 2);
ABI_FIELD(sock_peer_t, port, 20);
ABI_SIZE(sock_peer_t, 22);

struct __attribute__((packed)) socket_multicast_info_t {
  uint16_t size;
  sock_handle_t sock_handle;
};
ABI_SIZE(socket_multicast_info_t, 6);
