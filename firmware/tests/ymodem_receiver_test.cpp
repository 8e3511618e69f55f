#include "faces/console/ymodem_receiver.h"

#include <doctest/doctest.h>

#include "faces/console/setup_console.h"
#include "fake_setup_host.h"

using namespace vphoton;

namespace {

constexpr char kWaiting[] = "Waiting for the binary file to be sent ... (press 'a' to abort)\r\n";
const std::string kAck = "\x06", kNak = "\x15", kNext = "C", kCancel = "\x18\x18", kEnd = "\x04";

// The CRC is nonsense on purpose: nobody looks at it.
std::string packet(uint8_t sequence, std::string data, size_t size = 128) {
  data.resize(size, '\0');
  std::string out(1, size == 128 ? '\x01' : '\x02');
  out += static_cast<char>(sequence);
  out += static_cast<char>(~sequence);
  return out + data + "??";
}

std::string first_packet(const std::string& name, const std::string& size) {
  return packet(0, name + std::string(1, '\0') + size);
}

struct Bench {
  test::FakeSetupHost host;
  std::string output;
  SetupConsole console{host, [this](const std::string& text) { output += text; }};

  std::string send(const std::string& data) {
    output.clear();
    console.feed(data);
    return output;
  }
  std::string silence() {
    output.clear();
    console.silence();
    return output;
  }
};

}  // namespace

TEST_CASE("a file") {
  Bench b;
  size_t block = 128;
  std::string file;
  for (int i = 0; i < 300 * 128 + 5; ++i) file += static_cast<char>(i % 251);
  SUBCASE("after f") { CHECK(b.send("f") == kWaiting); }
  SUBCASE("at once") {}
  SUBCASE("in long packets") { block = 1024; }
  CHECK(b.send(first_packet("roller.bin", std::to_string(file.size()) + " ")) == kAck + kNext);
  CHECK(b.console.receiving());
  uint8_t sequence = 1;
  for (size_t at = 0; at < file.size(); at += block)
    REQUIRE(b.send(packet(sequence++, file.substr(at, block), block)) == kAck);
  CHECK(b.send(kEnd) == kAck);
  CHECK(b.host.applied == 0);
  CHECK(b.send(packet(0, "")) ==
        kAck + "\r\nDownloaded file successfully!\r\nName: roller.bin\r\nSize: " + std::to_string(file.size()) +
            " bytes\r\nRestarting system to apply firmware update...\r\n");
  CHECK(b.host.image == file);
  CHECK(b.host.applied == 1);
  CHECK(b.host.dropped == 0);
  CHECK_FALSE(b.console.receiving());
}

TEST_CASE("byte by byte, and what follows goes to the console again") {
  Bench b;
  b.host.validation = -1330;
  std::string all = "f" + first_packet("x", "3 ") + packet(1, "abc") + kEnd + packet(0, "") + "c";
  for (char c : all) b.console.feed(std::string(1, c));
  CHECK(b.output ==
        kWaiting + kAck + kNext + kAck + kAck + kCancel + "Validation failed: -1330\r\nDevice claimed: no\r\n");
  CHECK(b.host.applied == 0);
  CHECK(b.host.dropped == 1);
}

TEST_CASE("what goes wrong on the way") {
  Bench b;
  b.send("f");
  SUBCASE("too large") {
    CHECK(b.send(first_packet("x", "262145 ")) ==
          kCancel + "The file size is higher than the allowed space memory!\r\n");
  }
  SUBCASE("empty") {
    CHECK(b.send(first_packet("x", "0 ")) == kCancel + "The file size is higher than the allowed space memory!\r\n");
  }
  SUBCASE("not saved") {
    b.send(first_packet("x", "9 "));
    b.host.write_result = -225;
    CHECK(b.send(packet(1, "abc")) == kCancel + "Failed to save chunk!\r\n");
  }
  SUBCASE("aborted at the device") { CHECK(b.send("a") == kCancel + "Aborted by user.\r\n"); }
  SUBCASE("aborted in the middle") {
    b.send(first_packet("x", "900 "));
    CHECK(b.send("A") == kCancel + "Aborted by user.\r\n");
  }
  SUBCASE("cancelled by the sender") {
    b.send(first_packet("x", "900 "));
    CHECK(b.send("\x18") == "");
    CHECK(b.send("\x18") == kAck + "Failed to receive the file!\r\n");
  }
  SUBCASE("ended before it began") { CHECK(b.send(packet(0, "")) == kAck + "Failed to receive the file!\r\n"); }
  SUBCASE("nobody sends") {
    for (int i = 0; i < 5; ++i) CHECK(b.silence() == kNext);
    CHECK(b.silence() == kCancel + "Failed to receive the file!\r\n");
  }
  CHECK(b.host.applied == 0);
  CHECK(b.host.dropped == 1);
  CHECK_FALSE(b.console.receiving());
  CHECK(b.silence() == "");
}

TEST_CASE("what is put up with") {
  Bench b;
  b.send("f");
  CHECK(b.send(" ") == kAck);  // is anyone there?
  CHECK(b.send("z") == kNext);
  CHECK(b.send(first_packet("x", "130 ")) == kAck + kNext);
  CHECK(b.send("\x18z") == kNext);  // one cancel is none
  std::string spoilt = packet(1, "abc");
  spoilt[2] = 'x';
  CHECK(b.send(spoilt) == kNext);
  CHECK(b.send(packet(1, std::string(128, 'p')).substr(0, 60)) == "");
  CHECK(b.silence() == kNext);  // half a packet is forgotten
  CHECK(b.send(packet(2, "later")) == kNak);
  CHECK(b.send(packet(1, std::string(128, 'p'))) == kAck);
  CHECK(b.send(packet(1, "again")) == kNak);
  CHECK(b.send(packet(2, "qqqqq")) == kAck);
  CHECK(b.send(packet(3, "beyond the size")) == kAck);
  CHECK(b.host.image == std::string(128, 'p') + "qq");
}

TEST_CASE("listening mode begins anew: no file is left over") {
  Bench b;
  b.send(first_packet("x", "900 "));
  b.console.restart();
  CHECK_FALSE(b.console.receiving());
  CHECK(b.host.dropped == 1);
  CHECK(b.send("c") == "Device claimed: no\r\n");
}
