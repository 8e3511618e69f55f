// The YMODEM receiver: packets as a host sends them, damaged ones, other bytes, silences.
#include "faces/console/ymodem_receiver.h"

#include "fake_setup_host.h"
#include "input.h"

using namespace vphoton;
using Outcome = YmodemReceiver::Outcome;

namespace {

// Takes what fits the flash, and only that.
struct Flash : test::FakeSetupHost {
  static constexpr uint32_t kRoom = 256 * 1024;
  uint32_t written = 0, refuses_at = UINT32_MAX;
  int ota_begin(uint32_t length) override {
    if (length == 0 || length > kRoom) return -1390;
    image.assign(length, '\0');
    written = 0;
    return 0;
  }
  int ota_write(uint32_t offset, const uint8_t* data, size_t size) override {
    fuzz::require(offset == written && size > 0 && size <= image.size() - offset,
                  "a file is written in turn, within its size");
    if (offset >= refuses_at) return -1;
    image.replace(offset, size, reinterpret_cast<const char*>(data), size);
    written += static_cast<uint32_t>(size);
    return 0;
  }
};

std::string packet(uint8_t sequence, std::string data, bool is_long) {
  data.resize(is_long ? 1024 : 128, '\0');
  std::string out(1, is_long ? YmodemReceiver::kLongPacket : YmodemReceiver::kShortPacket);
  out += static_cast<char>(sequence);
  out += static_cast<char>(~sequence);
  return out + data + "??";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  Flash flash;
  const uint8_t setting = input.byte();
  flash.validation = setting & 1 ? -1330 : 0;
  if (setting & 2) flash.refuses_at = static_cast<uint32_t>(input.byte()) * 128;
  std::string answers;
  YmodemReceiver receiver(flash, [&](const std::string& text) { answers += text; });
  uint8_t sequence = 0;
  Outcome outcome = Outcome::Receiving;
  const auto feed = [&](const std::string& bytes) {
    for (char byte : bytes)
      if (outcome == Outcome::Receiving) outcome = receiver.feed(byte);
  };
  while (!input.empty() && outcome == Outcome::Receiving) {
    const uint8_t what = input.byte();
    answers.clear();
    switch (what & 7) {
      case 0: {  // a file of some length, told in digits or in any bytes
        std::string told = std::to_string(static_cast<uint32_t>(input.byte()) << (what >> 5));
        if (what & 8) told = input.bytes(12);
        feed(packet(0, "a" + std::string(1, '\0') + told, what & 16));
        sequence = 1;
        break;
      }
      case 1:
      case 2:
        feed(packet(sequence++, input.bytes(what >> 3), what & 1));
        break;
      case 3:
        feed(packet(static_cast<uint8_t>(sequence + (what >> 3)), "x", false));
        break;
      case 4:
        outcome = receiver.silence();
        break;
      case 5:
        feed("\x04");
        break;
      case 6:
        feed(packet(0, "", what & 8));
        break;
      default:
        feed(input.bytes(what >> 3));
        break;
    }
    fuzz::require(receiver.name().size() <= 1024, "a name fits its packet");
  }
  // Whoever nobody sends to ends by itself.
  for (int i = 0; i < 6 && outcome == Outcome::Receiving; ++i) outcome = receiver.silence();
  fuzz::require(outcome != Outcome::Receiving, "it ends");
  fuzz::require(outcome != Outcome::Done || (flash.validation == 0 && receiver.error() == 0), "done is validated");
  fuzz::require((outcome == Outcome::Invalid) == (receiver.error() != 0), "what is wrong is told");
  return 0;
}
