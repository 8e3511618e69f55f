// Frames of the cloud session: damaged ones, in any split, and those of the device's own encoder.
#include "faces/cloud/frame_codec.h"
#include "input.h"

using namespace vphoton::cloud;

namespace {

constexpr AesBlock kKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
constexpr AesBlock kIv{16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1};

struct Decoded {
  std::vector<std::string> messages;
  bool broken = false;

  bool operator==(const Decoded& other) const { return messages == other.messages && broken == other.broken; }
};

Decoded decode(const std::vector<std::string>& stream) {
  FrameDecoder decoder(kKey, kIv);
  Decoded result;
  for (const auto& piece : stream) {
    decoder.feed(piece.data(), piece.size());
    std::string plain;
    FrameDecoder::Status status;
    while ((status = decoder.next(plain)) == FrameDecoder::Status::Message) result.messages.push_back(plain);
    result.broken = status == FrameDecoder::Status::Broken;
  }
  return result;
}

}  // namespace

// Length of a piece, place and pattern of the damage, then messages that are encoded, or with bit 7 of the first byte
// the stream itself.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vphoton::fuzz::Input input(data, size);
  const uint8_t piece = input.byte();
  std::string stream;
  std::vector<std::string> sent;
  uint8_t damage = 0;
  if (piece & 0x80) {
    stream = input.rest();
  } else {
    const size_t at = input.byte() << 8 | input.byte();
    damage = input.byte();
    FrameEncoder encoder(kKey, kIv);
    while (!input.empty()) {
      sent.push_back(input.block().substr(0, kMaxReceivedCiphertext - 1));
      stream += encoder.encode(sent.back());
    }
    if (at < stream.size())
      stream[at] = static_cast<char>(stream[at] ^ damage);
    else
      damage = 0;
  }
  const Decoded whole = decode({stream});
  vphoton::fuzz::require(stream.empty() || whole == decode(vphoton::fuzz::pieces(stream, piece & 0x7F)),
                         "the split of a stream does not matter");
  for (const auto& message : whole.messages)
    vphoton::fuzz::require(message.size() < kMaxReceivedCiphertext, "a message fits the buffer");
  if (!(piece & 0x80) && damage == 0)
    vphoton::fuzz::require(whole.messages == sent && !whole.broken, "what was encoded is decoded");
  return 0;
}
