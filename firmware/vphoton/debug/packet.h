// Packets of GDB's remote serial protocol: $payload#checksum, their acknowledgements, and the interrupt byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace vphoton::debug {

// The longest payload, before its bytes are escaped; a multiple of what qSupported announces as PacketSize.
constexpr size_t kPacketSize = 4096;

// Cuts a stream of bytes into packets. Whatever does not belong between two packets ends it: a client that speaks
// another protocol, as a browser does, is found out by its first byte.
class PacketReader {
 public:
  enum class Item : uint8_t {
    Nothing,      // more bytes are needed
    Packet,       // `payload`, escapes undone
    BadChecksum,  // a packet that was not received well
    Ack,
    Nack,
    Interrupt,
    NotThisProtocol,  // for good: nothing is read any more
  };

  void feed(const std::string& bytes) { unread_ += bytes; }
  // The next item; `payload` is set by Packet alone.
  Item next(std::string& payload);
  const std::string& unread() const { return unread_; }

 private:
  Item packet(std::string& payload);

  std::string unread_;
  bool refused_ = false;
};

// A packet with this payload, special bytes escaped.
std::string packet(const std::string& payload);

}  // namespace vphoton::debug
