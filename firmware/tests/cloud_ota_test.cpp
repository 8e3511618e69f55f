// Over-the-air updates of Device OS 2.3.1: the traces of the compiled engine, lost and broken chunks, stall, refusal.
#include "cloud_test_support.h"

using namespace vphoton;
using namespace vphoton::cloud;
using namespace vphoton::cloud::test;

using Answers = std::vector<std::string>;

namespace {

std::string ramp(size_t size) {
  std::string data(size, '\0');
  for (size_t i = 0; i < size; ++i) data[i] = static_cast<char>(i);
  return data;
}

class OtaBench : public SessionBench {
 public:
  Answers begin(bool fast, uint32_t chunk_size, uint32_t length, uint8_t store = 0) {
    return exchange(
        "41022010 71 B175 FF " +
        hex(big_endian(fast, 1) + big_endian(chunk_size, 2) + big_endian(length, 4) + big_endian(store, 1)) +
        "00000000");
  }
  Answers slow_chunk(const std::string& data) {
    return exchange("41022001 70 B163 44" + hex(big_endian(crc32_of(data), 4)) + "FF" + hex(data));
  }
  Answers fast_chunk(uint16_t index, const std::string& data) {
    return exchange("51022011 70 B163 44" + hex(big_endian(crc32_of(data), 4)) + "02" + hex(big_endian(index, 2)) +
                    "FF" + hex(data));
  }
  Answers done() { return exchange("41032013 72 B175"); }

  std::string image() const {
    std::string whole;
    for (const auto& [offset, data] : host.image) {
      CHECK(offset == whole.size());
      whole += data;
    }
    return whole;
  }
};

}  // namespace

TEST_CASE("cloud trace 2.3.1: slow update") {
  OtaBench bench;
  bench.establish(0xD22E);
  CHECK(bench.exchange("41022000 71 B175 FF 00 0200 00000500 00 00000000") == hexes({"60002000", "5144D22E 71 FF 00"}));
  CHECK(bench.host.image_length == 0x500);
  CHECK(bench.exchange("41022001 70 B163 44 1C613576 FF" + hex(ramp(512))) == hexes({"60002001", "5144D22F 70"}));
  CHECK(bench.exchange("41022002 70 B163 44 00000001 FF" + hex(ramp(512))) == hexes({"60002002", "5180D230 70"}));
  CHECK(bench.image() == ramp(512));
  CHECK(bench.exchange("41032005 72 B175") == hexes({"61442005 72 FF '{\"r\":0}'"}));
  CHECK(bench.channel.applies == 1);
}

TEST_CASE("cloud trace 2.3.1: fast update with a missing chunk") {
  OtaBench bench;
  bench.establish(0xD233);
  const std::string image = ramp(0x500);
  CHECK(bench.begin(true, 0x200, 0x500) == hexes({"60002010", "5144D233 71 FF 01"}));
  CHECK(bench.fast_chunk(0, image.substr(0, 512)).empty());
  CHECK(bench.fast_chunk(2, image.substr(1024)).empty());
  CHECK(bench.done() == hexes({"61802013 72", "5001D234 B163 FF 0001"}));
  CHECK(bench.channel.applies == 0);
  CHECK(bench.fast_chunk(1, image.substr(512, 512)).empty());
  CHECK(bench.done() == hexes({"61442013 72 FF '{\"r\":0}'"}));
  CHECK(bench.image() == image);
  CHECK(bench.channel.applies == 1);
  CHECK(bench.session->update_running());  // until the device resets
  CHECK_FALSE(bench.session->publish(publish_of("a"), nullptr));
}

TEST_CASE("cloud ota: a whole slow update with a repeated broken chunk") {
  OtaBench bench;
  bench.establish(1);
  const std::string image = ramp(1300);
  bench.begin(false, 256, 1300);
  for (size_t at = 0; at < image.size(); at += 256) {
    if (at == 512) bench.exchange("41022002 70 B163 44 00000001 FF" + hex(image.substr(at, 256)));
    CHECK(bench.slow_chunk(image.substr(at, 256)).at(1).substr(0, 4) == "5144");
  }
  CHECK(bench.slow_chunk("beyond the end").at(1).substr(0, 4) == "5180");
  bench.done();
  CHECK(bench.image() == image);
}

TEST_CASE("cloud ota: fast chunks that are broken, out of range or doubled") {
  OtaBench bench;
  bench.establish(1);
  bench.begin(true, 4, 10);
  CHECK(bench.exchange("51022011 70 B163 44 00000001 02 0000 FF 'abcd'").empty());
  CHECK(bench.fast_chunk(3, "abcd").empty());
  CHECK(bench.fast_chunk(0, "abcde").empty());  // longer than a chunk
  CHECK(bench.fast_chunk(2, "ijk").empty());    // beyond the file
  CHECK(bench.host.image.empty());
  CHECK(bench.done().size() == 2);
  bench.fast_chunk(0, "abcd");
  bench.fast_chunk(0, "ABCD");
  bench.fast_chunk(1, "efgh");
  bench.fast_chunk(2, "ij");
  CHECK(bench.image() == "abcdefghij");
  CHECK(bench.done().size() == 1);
}

TEST_CASE(
    "cloud ota: no more missing chunks are asked for than the last flight brought plus a fifth, nor more than 40") {
  auto asked = [](int flight) {
    OtaBench bench;
    bench.establish(1);
    bench.begin(true, 16, 16 * 200);
    for (int i = 0; i < flight; ++i) bench.fast_chunk(static_cast<uint16_t>(i), std::string(16, 'x'));
    const auto answers = bench.done();
    const std::string missed = bytes(answers.at(1)).substr(4 + 2 + 1);
    CHECK(missed.substr(0, 2) == big_endian(static_cast<uint32_t>(flight), 2));
    return missed.size() / 2;
  };
  CHECK(asked(0) == 2);
  CHECK(asked(3) == 5);
  CHECK(asked(20) == 24);
  CHECK(asked(30) == 36);
  CHECK(asked(100) == 40);
}

TEST_CASE("cloud ota: refused with 5.03") {
  OtaBench bench;
  bench.establish(1);
  const Answers refused = hexes({"61A32010 71"});
  SUBCASE("updates disabled") {
    bench.host.enabled = false;
    CHECK(bench.begin(false, 512, 1024) == refused);
    bench.host.forced = true;
    CHECK(bench.begin(false, 512, 1024).size() == 2);
  }
  SUBCASE("by the host") {
    bench.host.begin_result = -1;
    CHECK(bench.begin(false, 512, 1024) == refused);
  }
  SUBCASE("not for the firmware store") { CHECK(bench.begin(false, 512, 1024, 128) == refused); }
  SUBCASE("empty") { CHECK(bench.begin(false, 512, 0) == refused); }
  SUBCASE("more chunks than an index can count") { CHECK(bench.begin(true, 1, 65537) == refused); }
  if (!bench.host.forced) CHECK_FALSE(bench.session->update_running());
}

TEST_CASE("cloud ota: a short UpdateBegin means 512-byte chunks and 262144 bytes") {
  OtaBench bench;
  bench.establish(0x0100);
  CHECK(bench.exchange("41022010 71 B175") == hexes({"60002010", "51440100 71 FF 00"}));
  CHECK(bench.host.image_length == 262144);
  bench.begin(false, 0, 99);
  CHECK(bench.host.image_length == 262144);
}

TEST_CASE("cloud ota: an image that is not valid is rejected and the session goes on") {
  OtaBench bench;
  bench.establish(0x0100);
  bench.begin(false, 512, 512);
  bench.slow_chunk(ramp(512));
  bench.host.validate_result = -210;
  CHECK(bench.done() == hexes({"61442013 72 FF '{\"r\":-210}'"}));
  CHECK(bench.channel.applies == 0);
  CHECK_FALSE(bench.session->update_running());
  CHECK(bench.session->publish(publish_of("a"), nullptr));
}

TEST_CASE("cloud ota: chunks and UpdateDone without an update") {
  OtaBench bench;
  bench.establish(1);
  CHECK(bench.slow_chunk("abc").empty());
  CHECK(bench.fast_chunk(0, "abc").empty());
  CHECK(bench.done() == hexes({"61442013 72"}));
  CHECK(bench.channel.applies == 0);
}

TEST_CASE("cloud ota: a second UpdateBegin starts over") {
  OtaBench bench;
  bench.establish(1);
  bench.begin(false, 4, 8);
  bench.slow_chunk("abcd");
  bench.begin(false, 4, 8);
  bench.slow_chunk("ABCD");
  bench.slow_chunk("EFGH");
  CHECK(bench.image() == "ABCDEFGH");
}

TEST_CASE("cloud ota: while it runs nothing is published and no ping sent; 30 s without a chunk end it") {
  OtaBench bench;
  bench.establish(1);
  bench.begin(false, 4, 8);
  CHECK_FALSE(bench.session->publish(publish_of("a"), nullptr));
  bench.now += 20000;
  bench.session->tick();
  bench.slow_chunk("abcd");
  CHECK(bench.session->deadline() == bench.now + 30000);
  bench.now += 29999;
  bench.session->tick();
  CHECK(bench.channel.sent.empty());
  CHECK(bench.host.aborted == 0);
  bench.now += 1;
  bench.session->tick();
  CHECK(bench.host.aborted == 1);
  bench.session->tick();
  CHECK(bench.host.aborted == 1);
}

TEST_CASE("cloud ota: a chunk that cannot be stored is asked for again") {
  OtaBench bench;
  bench.establish(0x0100);
  bench.begin(false, 4, 8);
  bench.host.write_result = -1;
  CHECK(bench.slow_chunk("abcd") == hexes({"60002001", "51800101 70"}));
  bench.host.write_result = 0;
  CHECK(bench.slow_chunk("abcd") == hexes({"60002001", "51440102 70"}));
  CHECK(bench.image() == "abcd");
}

TEST_CASE("cloud ota: the stall is still due when the session is lost") {
  OtaBench bench;
  bench.establish(1);
  bench.begin(false, 4, 8);
  const uint64_t due = bench.now + 30000;
  bench.session->close();
  CHECK(bench.session->update_deadline() == due);
  CHECK_FALSE(bench.session->update_running());
  bench.now = due;
  bench.session->tick();
  CHECK(bench.host.aborted == 0);  // whoever closed the session keeps watch
  CHECK(bench.memory.updates_begun == 1);
}
