// Frames, CoAP and cryptography of the cloud session: fixed vectors first, then every split, then garbage.
#include <random>

#include "base/crypto.h"
#include "cloud_test_support.h"
#include "faces/cloud/coap.h"
#include "faces/cloud/frame_codec.h"

using namespace vphoton::cloud;
using namespace vphoton::cloud::test;

namespace {

AesBlock counting_block(uint8_t first) {
  AesBlock block;
  for (size_t i = 0; i < block.size(); ++i) block[i] = static_cast<uint8_t>(first + i);
  return block;
}

const AesBlock kKey = counting_block(0x00);
const AesBlock kIv = counting_block(0x10);

struct Vector {
  const char* plain;
  const char* frame;
};
const Vector kVectors[] = {
    {"50020001b168", "0010 d2b521aa68b3b7a0926c427fc26fab7f"},
    {"40000002", "0010 762bdcb7f56bac37a2e8d0226a821f05"},
    {"4101000342b1760169", "0010 70d4c316445bc069acbe7c0993998b8d"},
};

std::vector<std::string> decode_all(FrameDecoder& decoder) {
  std::vector<std::string> messages;
  std::string plain;
  while (decoder.next(plain) == FrameDecoder::Status::Message) messages.push_back(plain);
  return messages;
}

std::string frame_of(const std::string& padded) {
  const std::string cipher = AesCbc(AesCbc::Direction::Encrypt, kKey).run(kIv, padded);
  return big_endian(static_cast<uint32_t>(cipher.size()), 2) + cipher;
}

FrameDecoder::Status decode_one(const std::string& frame) {
  FrameDecoder decoder(kKey, kIv);
  decoder.feed(frame.data(), frame.size());
  std::string plain;
  return decoder.next(plain);
}

}  // namespace

TEST_CASE("cloud frames: three messages in one direction give the known ciphertexts") {
  FrameEncoder encoder(kKey, kIv);
  for (const auto& vector : kVectors) CHECK(hex(encoder.encode(bytes(vector.plain))) == hex(bytes(vector.frame)));
}

TEST_CASE("cloud frames: any split of the stream gives the same messages") {
  std::string stream;
  std::vector<std::string> expected;
  for (const auto& vector : kVectors) {
    stream += bytes(vector.frame);
    expected.push_back(bytes(vector.plain));
  }
  for (size_t split = 0; split <= stream.size(); ++split) {
    FrameDecoder decoder(kKey, kIv);
    decoder.feed(stream.data(), split);
    auto messages = decode_all(decoder);
    decoder.feed(stream.data() + split, stream.size() - split);
    for (auto& message : decode_all(decoder)) messages.push_back(message);
    CHECK(messages == expected);
  }
}

TEST_CASE("cloud frames: padding is 1 to 16 bytes and sizes survive the round trip") {
  FrameEncoder encoder(kKey, kIv);
  FrameDecoder decoder(kKey, kIv);
  for (size_t size = 0; size <= 767; ++size) {
    const std::string plain(size, 'x');
    const std::string frame = encoder.encode(plain);
    CHECK(frame.size() == 2 + (size / 16 + 1) * 16);
    decoder.feed(frame.data(), frame.size());
    CHECK(decode_all(decoder) == std::vector<std::string>{plain});
  }
}

TEST_CASE("cloud frames: a plaintext of 767 bytes is the longest accepted") {
  CHECK(decode_one(FrameEncoder(kKey, kIv).encode(std::string(767, 'x'))) == FrameDecoder::Status::Message);
  CHECK(decode_one(FrameEncoder(kKey, kIv).encode(std::string(768, 'x'))) == FrameDecoder::Status::Broken);
}

TEST_CASE("cloud frames: malformed frames break the stream for good") {
  CHECK(decode_one(bytes("0000")) == FrameDecoder::Status::Broken);
  CHECK(decode_one(bytes("0011")) == FrameDecoder::Status::Broken);
  CHECK(decode_one(bytes("FFF0")) == FrameDecoder::Status::Broken);
  CHECK(decode_one(frame_of(std::string(16, '\x00'))) == FrameDecoder::Status::Broken);
  CHECK(decode_one(frame_of(std::string(16, '\x11'))) == FrameDecoder::Status::Broken);
  CHECK(decode_one(frame_of(std::string(14, 'x') + "\x01\x02")) == FrameDecoder::Status::Broken);

  FrameDecoder decoder(kKey, kIv);
  const std::string stream = bytes("0000") + bytes(kVectors[0].frame);
  decoder.feed(stream.data(), stream.size());
  std::string plain;
  CHECK(decoder.next(plain) == FrameDecoder::Status::Broken);
  CHECK(decoder.next(plain) == FrameDecoder::Status::Broken);
}

TEST_CASE("cloud crypto: HMAC-SHA1 and CRC-32 check values") {
  std::string key;
  for (int i = 0; i < 40; ++i) key += static_cast<char>(i);
  CHECK(hex(hmac_sha1(key, std::string(128, '\0'))) == "14713112CD658EBBF72078DBBDC9CC04CD717B76");
  CHECK(crc32_of("123456789") == 0xCBF43926);
}

TEST_CASE("cloud crypto: keys that cannot be keys are refused") {
  CHECK_FALSE(ServerKey::from_der(""));
  CHECK_FALSE(ServerKey::from_der(std::string(768, '\xFF')));
  CHECK_FALSE(DeviceKey::from_der(""));
  CHECK_FALSE(DeviceKey::from_der(std::string(1216, '\xFF')));
  CHECK_FALSE(DeviceKey::from_der(std::string(1216, '\x30')));
  CHECK_FALSE(DeviceKey::from_der(bytes("3082025C 020100 02818100")));
}

TEST_CASE("cloud coap: option lengths of every class are written and read") {
  for (size_t size : {0u, 1u, 12u, 13u, 14u, 268u, 269u, 270u, 700u}) {
    const std::string value(size, 'v');
    const std::string raw = CoapWriter(CoapType::Con, kPost, 0x1234, uint8_t{0x55})
                                .option(kUriPath, "f")
                                .option(kUriPath, value)
                                .option(kUriQuery, value)
                                .payload("data")
                                .take();
    const auto message = CoapMessage::parse(raw);
    REQUIRE(message);
    CHECK(message->type() == CoapType::Con);
    CHECK(message->code() == kPost);
    CHECK(message->id() == 0x1234);
    CHECK(message->token() == Token(0x55));
    CHECK(message->path() == 'f');
    REQUIRE(message->option(kUriPath, 1));
    CHECK(message->option(kUriPath, 1)->value == value);
    REQUIRE(message->option(kUriQuery));
    CHECK(message->option(kUriQuery)->value == value);
    CHECK(message->payload() == "data");
  }
}

TEST_CASE("cloud coap: a bare payload marker is an empty payload, none is none") {
  CHECK(CoapMessage::parse(bytes("50020001 B165 FF"))->has_payload());
  CHECK_FALSE(CoapMessage::parse(bytes("50020001 B165"))->has_payload());
}

TEST_CASE("cloud coap: token lengths other than 1 count as none, above 8 the message is dropped") {
  const std::string two_bytes = bytes("42010001 0102 B176");
  CHECK_FALSE(CoapMessage::parse(two_bytes)->token());
  CHECK(CoapMessage::parse(two_bytes)->path() == 'v');
  CHECK_FALSE(CoapMessage::parse(bytes("49010001 010203040506070809")));
  CHECK_FALSE(CoapMessage::parse(bytes("41010001")));
  CHECK_FALSE(CoapMessage::parse(bytes("400100")));
}

TEST_CASE("cloud coap: a message cut off anywhere is read without going past its end") {
  const std::string raw = CoapWriter(CoapType::Con, kPost, 1, uint8_t{2})
                              .option(kUriPath, "f")
                              .option(kUriPath, std::string(20, 'n'))
                              .option(kUriQuery, std::string(300, 'a'))
                              .take();
  for (size_t size = 0; size < raw.size(); ++size) {
    const std::string cut(raw.data(), size);  // its own allocation, so that a sanitizer sees the end
    const auto message = CoapMessage::parse(cut);
    CHECK(message.has_value() == (size >= 5));
    if (message) CHECK(message->option(kUriQuery) == nullptr);
  }
}

TEST_CASE("cloud codec: random bytes never do harm") {
  std::mt19937 random(20251);
  std::string plain;
  for (int round = 0; round < 4000; ++round) {
    std::string noise(random() % 120, '\0');
    for (auto& byte : noise) byte = static_cast<char>(random());
    if (const auto message = CoapMessage::parse(noise)) {
      CHECK(message->bytes().size() >= 4);
      for (const auto& option : message->options()) CHECK(option.value.size() < noise.size());
    }
    FrameDecoder decoder(kKey, kIv);
    if (round % 2) noise.insert(0, big_endian(16 * (1 + random() % 4), 2));
    decoder.feed(noise.data(), noise.size());
    for (int i = 0; i < 8 && decoder.next(plain) == FrameDecoder::Status::Message; ++i)
      CHECK(plain.size() < noise.size());
  }
}
