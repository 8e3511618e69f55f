// The server address of the DCT as something to connect to.
#pragma once

#include <netinet/in.h>

#include <cstdint>
#include <optional>
#include <string>

namespace vphoton::cloud {

// `$id` in a domain name becomes `<24 lower-case hex digits>.v<Device OS major>`. `device_id` is 12 raw bytes.
std::string expand_host(const std::string& host, const std::string& device_id);

// IPv4 only, like the Photon. A domain name may block for as long as the resolver takes.
std::optional<sockaddr_in> resolve(const std::string& host, uint16_t port);

}  // namespace vphoton::cloud
