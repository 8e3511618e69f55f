// Packets of GDB's remote protocol, by the examples of its manual ("Overview" of the appendix on the protocol).
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "debug/packet.h"

using vphoton::debug::packet;
using vphoton::debug::PacketReader;
using Item = PacketReader::Item;

namespace {

std::vector<std::pair<Item, std::string>> items_of(PacketReader& reader, const std::string& bytes) {
  reader.feed(bytes);
  std::vector<std::pair<Item, std::string>> found;
  while (true) {
    std::string payload;
    const Item item = reader.next(payload);
    if (item == Item::Nothing) return found;
    found.emplace_back(item, payload);
    if (item == Item::NotThisProtocol) return found;
  }
}

std::vector<std::pair<Item, std::string>> items_of(const std::string& bytes) {
  PacketReader reader;
  return items_of(reader, bytes);
}

}  // namespace

TEST_CASE("a packet is framed by its checksum") {
  CHECK(packet("OK") == "$OK#9a");
  CHECK(packet("") == "$#00");
  CHECK(packet("qC") == "$qC#b4");
}

TEST_CASE("special bytes are escaped, and read back as they were") {
  CHECK(packet("a#b") ==
        "$a}\x03"
        "b#"
        "43");
  const std::string all = "$#}*\x03\x7d\x23";
  const auto found = items_of(packet(all));
  REQUIRE(found.size() == 1);
  CHECK(found[0] == std::pair(Item::Packet, all));
}

TEST_CASE("every byte value goes through a packet") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(items_of(packet(all)) == std::vector{std::pair(Item::Packet, all)});
}

TEST_CASE("acknowledgements, the interrupt and packets follow one another in any pieces") {
  const std::string stream = "+$qC#b4-\x03$?#3f";
  const std::vector<std::pair<Item, std::string>> expected = {
      {Item::Ack, ""}, {Item::Packet, "qC"}, {Item::Nack, ""}, {Item::Interrupt, ""}, {Item::Packet, "?"}};
  CHECK(items_of(stream) == expected);
  PacketReader reader;
  std::vector<std::pair<Item, std::string>> found;
  for (const char byte : stream)
    for (auto& item : items_of(reader, std::string(1, byte))) found.push_back(item);
  CHECK(found == expected);
}

TEST_CASE("a wrong checksum is told, and the next packet is read") {
  CHECK(items_of("$qC#b5$qC#b4") ==
        std::vector<std::pair<Item, std::string>>{{Item::BadChecksum, ""}, {Item::Packet, "qC"}});
  CHECK(items_of("$qC#zz") == std::vector<std::pair<Item, std::string>>{{Item::BadChecksum, ""}});
}

TEST_CASE("another protocol is found out by its first byte, for good") {
  for (const char* other : {"GET / HTTP/1.1\r\n\r\n$?#3f", "POST / HTTP/1.1\r\n\r\n$?#3f", "\x16\x03\x01$?#3f",
                            "\n$?#3f", "SSH-2.0-OpenSSH\r\n"}) {
    PacketReader reader;
    CHECK(items_of(reader, other) == std::vector<std::pair<Item, std::string>>{{Item::NotThisProtocol, ""}});
    CHECK(items_of(reader, "$?#3f") == std::vector<std::pair<Item, std::string>>{{Item::NotThisProtocol, ""}});
  }
}

TEST_CASE("a packet without an end is no packet of this protocol") {
  PacketReader reader;
  const auto found = items_of(reader, "$" + std::string(3 * vphoton::debug::kPacketSize, 'a'));
  CHECK(found == std::vector<std::pair<Item, std::string>>{{Item::NotThisProtocol, ""}});
}
