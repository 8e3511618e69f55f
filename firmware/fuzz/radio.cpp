// The roller's model receiver: pulses of any length, then a frame that it must hear.
#include <optional>
#include <vector>

#include "input.h"
#include "worlds/ook_decoder.h"

using vphoton::OokDecoder;

namespace {

// akirjavainen/A-OK, A-OK.ino, commit 111c74d.
constexpr char kStop[] = "10100011010001100101000000010110000000010000000000100011110100001";

}  // namespace

// Each byte is a pulse: its level, and a length of 0 ... 127 steps of 60 us; then pieces of the frame, cut off where a
// byte says. With bit 7 of the first byte the filter's limit instead: steps of 1 us.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vphoton::fuzz::Input input(data, size);
  OokDecoder decoder;
  const uint8_t how = input.byte();
  const double step_us = how & 0x80 ? 1 : 60;
  const auto frame = [&decoder](size_t bits) {
    std::optional<vphoton::OokFrame> heard;
    const auto feed = [&](bool carrier, double us) {
      if (auto got = decoder.feed(carrier, us)) heard = got;
    };
    feed(false, 5030);
    feed(true, 5200);
    feed(false, 530);
    for (size_t bit = 0; bit < bits; ++bit) {
      feed(true, kStop[bit] == '1' ? 567 : 272);
      feed(false, kStop[bit] == '1' ? 272 : 567);
    }
    return heard;
  };
  while (!input.empty()) {
    const uint8_t byte = input.byte();
    if (byte == 0xFF) {
      frame(input.byte() % 64);
    } else if (auto heard = decoder.feed(byte & 0x80, (byte & 0x7F) * step_us)) {
      vphoton::fuzz::require(heard->remote < 1u << 24, "a remote has 24 bits");
    }
  }
  const auto heard = frame(sizeof kStop - 1);
  vphoton::fuzz::require(heard && heard->remote == 0x465016 && heard->command == 0x23,
                         "a frame is heard after anything");
  return 0;
}
