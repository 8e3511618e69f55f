// What the versions of Device OS do otherwise than 2.3.1: the traces of the compiled legacy engine, and each
// difference.
#include "faces/cloud/generation.h"

#include "cloud_test_support.h"

using namespace vphoton;
using namespace vphoton::cloud;
using namespace vphoton::cloud::test;

using Answers = std::vector<std::string>;

namespace {

class GenerationBench : public SessionBench {
 public:
  explicit GenerationBench(const char* version) {
    host.chosen = find_generation(version);
    REQUIRE(host.chosen);
  }

  Answers begin_fast(uint32_t chunk_size, uint32_t length) {
    return exchange("41022010 71 B175 FF 01" + hex(big_endian(chunk_size, 2) + big_endian(length, 4)) + "0000000000");
  }
  Answers fast_chunk(uint16_t index, const std::string& data) {
    return exchange("51022011 70 B163 44" + hex(big_endian(crc32_of(data), 4)) + "02" + hex(big_endian(index, 2)) +
                    "FF" + hex(data));
  }
  // The messages behind the server's Hello.
  Answers greeting() {
    start(1);
    channel.take();
    return exchange("50020001 B168");
  }
};

bool any_has(const Answers& answers, const std::string& text) {
  return std::any_of(answers.begin(), answers.end(),
                     [&](const std::string& answer) { return answer.find(hex(text)) != std::string::npos; });
}

}  // namespace

TEST_CASE("cloud trace 0.6.3: id and token from the salt, Hello") {
  GenerationBench bench("0.6.3");
  const auto start = Session::Start::from_salt({0xFA, 0xFF, 0x66, 0, 0, 0, 0, 0}, *bench.host.chosen);
  CHECK(start.message_id == 0xFAFF);
  CHECK(start.token == 0x67);
  bench.start(0xFB00);
  CHECK(hex(bench.channel.take().at(0)) == hex(bytes("5002FB00 B168 FF 0006 0002 0000 0006")));
  CHECK(bench.session->deadline() == bench.now + 2000);
  CHECK(hex(bench.exchange("40020001 B168").at(0)).substr(0, 4) != hex("6000"));  // a CON Hello is not acknowledged
}

TEST_CASE("cloud trace 0.6.3: requests and their answers") {
  GenerationBench bench("0.6.3");
  bench.establish(0xFB08);
  CHECK(bench.exchange("40001234") == hexes({"60001234"}));
  CHECK(bench.exchange("41031235 77 B173 4101") == hexes({"61441235 77"}));
  CHECK(bench.exchange("41031237 79 B16B").empty());  // key change
  CHECK(bench.exchange("41011240 55 B164 4101") == hexes({"61451240 55 FF '{\"p\":6,\"m\":[]}'"}));
  CHECK(bench.exchange("41011251 60 B176 01 'i'") == hexes({"61451251 60 FF FFFFFFFE"}));
  CHECK(bench.exchange("41021270 64 B166 05 'alpha' 43 'abc'") == hexes({"60001270", "5144FB08 64 FF 00000003"}));
  CHECK(bench.exchange("41011260 61 B176 02 'zz'") == hexes({"61451260 61 FF 20020000"}));
  const std::string too_long(64, 'y');
  CHECK(bench.exchange("41021275 65 B166 04 'beta' 4D 33 '" + too_long + "'") ==
        hexes({"60801275", "5144FB09 65 FF 00000003"}));  // the previous call's argument
}

TEST_CASE("cloud trace 0.6.3: fast update with a missing chunk, which the device ends itself") {
  GenerationBench bench("0.6.3");
  bench.establish(0xFB0D);
  const std::string image(0x500, 'i');
  CHECK(bench.begin_fast(0x200, 0x500) == hexes({"60002010", "5144FB0D 71 FF 01"}));
  CHECK(bench.fast_chunk(0, image.substr(0, 512)) == hexes({"60002011", "5144FB0E 70"}));
  CHECK(bench.fast_chunk(2, image.substr(1024)) == hexes({"60002011", "5144FB0F 70"}));
  CHECK(bench.exchange("51022011 70 B163 44 00000001 02 0001 FF 'x'") == hexes({"60002011"}));  // bad CRC
  CHECK(bench.exchange("41032013 72 B175") == hexes({"61802013 72", "4001FB10 B163 FF 0001"}));
  CHECK(bench.session->deadline() == bench.now + 3000);
  bench.now += 3000;
  bench.session->tick();
  CHECK(hex(bench.channel.take().at(0)) == hex(bytes("4001FB11 B163 FF 0001")));
  CHECK(bench.fast_chunk(1, image.substr(512, 512)) ==
        hexes({"60002011", "5003FB12 B175",
               "5002FB13 B145 0D0A 'spark/device/ota_result' FF '{\"r\":\"ok\",\"u\":{}}'"}));
  CHECK(bench.channel.applies == 0);
  CHECK(bench.session->deadline() == bench.now + 1000);
  bench.now += 1000;
  bench.session->tick();
  CHECK(bench.channel.applies == 1);
}

TEST_CASE("cloud 0.6.3: the update is applied, too, when the session ends in the second before the reset") {
  GenerationBench bench("0.6.3");
  bench.establish(1);
  bench.begin_fast(4, 4);
  bench.fast_chunk(0, "abcd");
  CHECK(bench.exchange("41032013 72 B175").at(0) == hex(bytes("61442013 72")));
  bench.session->close();
  CHECK(bench.channel.applies == 1);
}

TEST_CASE("cloud 0.6.3: refusals, stray chunks, stall") {
  GenerationBench bench("0.6.3");
  bench.establish(1);
  CHECK(bench.fast_chunk(0, "abcd") == hexes({"60002011"}));
  bench.host.begin_result = -1;
  CHECK(bench.begin_fast(4, 4) == hexes({"60802010"}));
  bench.host.begin_result = 0;
  bench.begin_fast(4, 4);
  bench.now += 30000;
  bench.session->tick();
  CHECK(bench.host.aborted == 1);
}

TEST_CASE("cloud 0.7.0: fast chunks are not answered, the result is text") {
  GenerationBench bench("0.7.0");
  bench.establish(1);
  bench.begin_fast(4, 4);
  CHECK(bench.fast_chunk(0, "abcd").empty());
  CHECK(bench.exchange("41032013 72 B175") == hexes({"61442013 72 FF '{\"r\":\"ok\",\"u\":{}}'"}));
  CHECK(bench.channel.applies == 1);
}

TEST_CASE("cloud 0.6.3: what follows Hello, an erased claim code too") {
  GenerationBench bench("0.6.3");
  bench.host.erased = true;
  bench.host.reset_reason = "power_down";
  const Answers sent = bench.greeting();
  CHECK(sent.size() == 7);
  CHECK(sent.at(0) == hex(bytes("50020002 B145 0D0A 'spark/device/claim/code' FF" + hex(std::string(63, '\xFF')))));
  CHECK(sent.at(4) == hex(bytes("40010006 B165 05 'spark'")));
  CHECK(sent.at(5) == hex(bytes("40010007 B165 03 'foo'")));
  CHECK(sent.at(6) == hex(bytes("41010008 67 B174")));
}

TEST_CASE("cloud: limits of the legacy engine") {
  GenerationBench bench("0.7.0");
  bench.establish(0x0100);
  PublishRequest request = publish_of(std::string(70, 'n'));
  request.data = std::string(300, 'd');
  request.has_data = true;
  CHECK(bench.session->publish(request, nullptr));
  CHECK(bench.channel.take().at(0).size() == 4 + 2 + 2 + 63 + 1 + 255);
  bench.host.system = std::string(900, 'x');
  CHECK(bytes(bench.exchange("41010001 55 B164 4101").at(0)).size() == 782);
  CHECK_FALSE(bench.channel.dropped);
}

TEST_CASE("cloud: Hello flags and system subscriptions by version") {
  const struct {
    const char* version;
    const char* hello_end;
    Answers subscriptions;
    bool posts, flags;
  } rows[] = {
      {"0.7.0", "00 00 0006", {"B165 05 'spark'"}, false, false},
      {"1.0.1", "00 02 0006", {"B165 05 'spark'"}, false, false},
      {"1.2.1", "00 06 0006", {"B165 05 'spark' 4175", "B165 08 'particle' 4175"}, false, true},
      {"1.5.2", "00 06 0006", {"B165 05 'spark' 4175", "B165 08 'particle' 4175"}, false, true},
      {"2.3.1", "00 36 0006", {"B165 08 'particle' 4175", "B165 05 'spark' 4175"}, true, true},
      {"3.3.1",
       "0036 0006 00 00 0CE6 03AE 00040000 0200",
       {"B165 08 'particle' 4175", "B165 05 'spark' 4175"},
       true,
       true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.version);
    GenerationBench bench(row.version);
    bench.memory.application_ready = true;
    bench.start(1);
    CHECK(hex(bench.channel.take().at(0)) == hex(bytes(std::string("50020001 B168 FF 0006 0002") + row.hello_end)));
    Answers system;
    const Answers sent = bench.exchange("50020001 B168");
    for (const auto& message : sent)
      if (message.substr(0, 4) == "4001" && message.find(hex("foo")) == std::string::npos)
        system.push_back(message.substr(8));
    CHECK(system == hexes(row.subscriptions));
    CHECK(any_has(sent, "{\"f\":[") == row.posts);
    CHECK(any_has(sent, "updates/enabled") == row.flags);
    CHECK(any_has(sent, "max_binary") == (std::string(row.version) != "3.3.1"));
  }
}

TEST_CASE("cloud 1.4.4 and 1.5.2: variables piggybacked or apart; describe piggybacked; ids of their own for pings") {
  GenerationBench old("1.4.4");
  old.establish(0x0100);
  CHECK(old.exchange("41010001 60 B176 01 'b'") == hexes({"61450001 60 FF 01"}));
  CHECK(old.exchange("40001234") == hexes({"60000100"}));
  GenerationBench newer("1.5.2");
  newer.establish(0x0100);
  CHECK(newer.exchange("41010001 60 B176 01 'b'") == hexes({"60000001", "51450100 60 FF 01"}));
  CHECK(newer.exchange("41010001 60 B176 02 'zz'") == hexes({"60000001", "51840101 60"}));
  CHECK(newer.exchange("41010002 55 B164 4101") == hexes({"61450002 55 FF '{\"p\":6,\"m\":[]}'"}));
  newer.begin_fast(4, 8);
  CHECK(newer.exchange("41032013 72 B175").at(1) == hex(bytes("40010103 B163 FF 0000 0001")));
  newer.fast_chunk(0, "abcd");
  newer.fast_chunk(1, "abcd");
  CHECK(newer.exchange("41032013 72 B175") == hexes({"61442013 72 FF '{\"r\":\"ok\",\"u\":{}}'"}));
}

TEST_CASE("cloud 3.3.1: describe in one message, in blocks, and refused") {
  GenerationBench bench("3.3.1");
  bench.establish(0x0100);
  CHECK(bench.exchange("41010001 55 B164 4101") == hexes({"60000001", "41450100 55 FF '{\"p\":6,\"m\":[]}'"}));
  CHECK(bench.exchange("41010001 55 B164 4103").at(1).find(hex("{\"p\":6,\"m\":[],\"f\"")) != std::string::npos);
  CHECK(bench.exchange("41010001 55 B164") == hexes({"61800001 55"}));
  CHECK(bench.exchange("40010001 B164 4101") == hexes({"60800001"}));
  CHECK(bench.exchange("41010001 55 B164 4101 8116") == hexes({"61820001 55"}));  // 1024 bytes
  CHECK(bench.exchange("41010001 55 B164 4101 8115") == hexes({"61840001 55"}));  // nothing begun
  bench.host.system = std::string(1000, 'x');
  const Answers first = bench.exchange("41010001 55 B164 4101");
  CHECK(first.at(1) == hex(bytes("41450102 55 4101 D1060D FF") + "{" + std::string(511, 'x')));
  const Answers second = bench.exchange("41010002 56 B164 4101 8115");
  CHECK(second.at(1) == hex(bytes("41450103 56 4101 D10615 FF") + std::string(489, 'x') + "}"));
  CHECK(bench.exchange("41010003 57 B164 4101 8115") == hexes({"61840003 57"}));  // fetched and forgotten
}

TEST_CASE("cloud 3.3.1: a describe post in blocks goes on when the block before is acknowledged") {
  GenerationBench bench("3.3.1");
  bench.host.system = std::string(1000, 'x');
  const Answers sent = bench.greeting();
  CHECK(sent.at(0) == hex(bytes("41020002 67 B164 4101 C10D FF") + "{" + std::string(511, 'x')));
  const Answers rest = bench.exchange("60000002");
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].substr(10) == hex(bytes("B164 4101 C115 FF") + std::string(489, 'x') + "}"));
}

TEST_CASE("cloud 3.3.1: empty data leaves no marker, 864 bytes of data fit") {
  GenerationBench bench("3.3.1");
  bench.establish(0x0100);
  PublishRequest request = publish_of("a");
  request.has_data = true;
  CHECK(bench.session->publish(request, nullptr));
  CHECK(hex(bench.channel.take().at(0)) == hex(bytes("50020100 B165 01 'a'")));
  request.data = std::string(864, 'd');
  CHECK(bench.session->publish(request, nullptr));
  request.data += 'd';  // cut, as messages.cpp of Device OS does
  CHECK(bench.session->publish(request, nullptr));
  for (const auto& sent : bench.channel.take()) CHECK(std::count(sent.begin(), sent.end(), 'd') == 864);
}

TEST_CASE("cloud: goodbye, key errors and changed update flags") {
  GenerationBench bench("2.3.1");
  bench.host.errors_of_keys = 5;
  CHECK(bench.greeting().back().substr(8) == hex(bytes("B145 0D09 'spark/device/key/error' FF '5'")));
  bench.channel.take();
  bench.host.enabled = false;
  bench.session->update_flags_changed();
  bench.session->update_flags_changed();
  const Answers told = bench.channel.take();
  REQUIRE(told.size() == 1);
  CHECK(told[0].substr(4) == bytes("B145 0D12 'particle/device/updates/enabled' FF 'false'"));
  Goodbye why;
  why.reset_reason = 140;
  bench.session->say_goodbye(why);
  CHECK(bench.channel.take().at(0).substr(4) == bytes("B178 D0EA FF 02 00 8C01 00"));
  GenerationBench old("1.5.2");
  old.establish(1);
  old.session->say_goodbye(why);
  CHECK(old.channel.sent.empty());
}

TEST_CASE("cloud: names that count as the system's, by version") {
  CHECK(is_system_event("spark/x", SystemNames::SparkSlash));
  CHECK_FALSE(is_system_event("sparkx", SystemNames::SparkSlash));
  CHECK(is_system_event("SPARKx", SystemNames::SparkAnyCase));
  CHECK_FALSE(is_system_event("SPARKx", SystemNames::Spark));
  CHECK_FALSE(is_system_event("particle/x", SystemNames::Spark));
  CHECK(is_system_event("particle/x", SystemNames::SparkOrParticle));
  CHECK_FALSE(find_generation("4.0.0"));
}
