// Handshake and connection against a small server with real keys: every split, wrong keys, reconnects, updates.
#include "faces/cloud/cloud_link.h"

#include "cloud_test_server.h"
#include "faces/cloud/back_off.h"
#include "faces/cloud/handshake.h"
#include "faces/cloud/server_address.h"

using namespace vphoton;
using namespace vphoton::cloud;
using namespace vphoton::cloud::test;

using State = CloudHost::CloudState;

namespace {

class LinkBench {
 public:
  Reactor reactor;
  TestServer server{reactor};
  FakeHost host;
  std::vector<std::string> heard;
  std::unique_ptr<CloudLink> link;

  LinkBench() {
    host.identity = TestKeys::get().identity(server.port());
    host.surface = trace_surface(&heard);
    link = std::make_unique<CloudLink>(reactor, host);
  }

  bool connect() {
    link->connect();
    return until([&] { return link->connected(); });
  }
  template <typename Condition>
  bool until(Condition holds) {
    return run_until(reactor, holds);
  }
  bool server_got(const std::string& message) {
    return until(
        [&] { return std::find(server.received.begin(), server.received.end(), message) != server.received.end(); });
  }
};

}  // namespace

TEST_CASE("cloud handshake: every split of the server's stream gives the session and the first frames") {
  const CloudIdentity identity = TestKeys::get().identity(0);
  const std::string block = test_session_block();
  FrameEncoder encoder(block_part(block, 0), block_part(block, 16));
  std::string stream = std::string(40, 'n') + TestKeys::get().session_answer(block);
  stream += encoder.encode(bytes("50020001 B168"));
  stream += encoder.encode(bytes("40001234"));
  for (size_t split = 0; split <= stream.size(); ++split) {
    Handshake handshake(identity);
    const std::string parts[] = {stream.substr(0, split), stream.substr(split)};
    std::string sent;
    std::string rest;
    for (const auto& part : parts) {
      if (handshake.state() == Handshake::State::Done)
        rest += part;
      else
        sent += handshake.feed(part.data(), part.size());
    }
    REQUIRE(handshake.state() == Handshake::State::Done);
    CHECK(sent.size() == 256);
    rest = handshake.surplus() + rest;
    FrameDecoder decoder(handshake.keys().key, handshake.keys().iv);
    decoder.feed(rest.data(), rest.size());
    std::string plain;
    CHECK(decoder.next(plain) == FrameDecoder::Status::Message);
    CHECK(plain == bytes("50020001 B168"));
    CHECK(decoder.next(plain) == FrameDecoder::Status::Message);
    CHECK(plain == bytes("40001234"));
    CHECK(handshake.keys().salt[0] == 33);
  }
}

TEST_CASE("cloud handshake: nonce, device id and public key are sent under the server's key") {
  Handshake handshake(TestKeys::get().identity(0));
  const std::string nonce(40, 'N');
  const std::string sent = handshake.feed(nonce.data(), nonce.size());
  const std::string plain = TestKeys::get().decrypt_as_server(sent);
  CHECK(plain == nonce + bytes("3A0021000347343339373536") + TestKeys::get().device_public_der());
  CHECK(plain.size() == 214);
}

TEST_CASE("cloud handshake: a private key without leading zero bytes is the same key") {
  const auto with = DeviceKey::from_der(TestKeys::get().device_private_der(true));
  const auto without = DeviceKey::from_der(TestKeys::get().device_private_der(false));
  REQUIRE(with);
  REQUIRE(without);
  CHECK(with->public_key_der() == TestKeys::get().device_public_der());
  CHECK(without->public_key_der() == with->public_key_der());
  const std::string cipher = TestKeys::get().encrypt_for_device("secret");
  CHECK(with->decrypt(cipher) == "secret");
  CHECK(without->decrypt(cipher) == "secret");
}

TEST_CASE("cloud handshake: a truncated private key is refused at every length") {
  const std::string der = TestKeys::get().device_private_der();
  for (size_t size = 0; size < der.size(); ++size) CHECK_FALSE(DeviceKey::from_der(der.substr(0, size)));
}

TEST_CASE("cloud handshake: failures name their cause") {
  CloudIdentity identity = TestKeys::get().identity(0);
  const std::string block = test_session_block();
  std::string answer = TestKeys::get().session_answer(block);
  CloudError expected{};
  SUBCASE("device key") {
    identity.device_private_key = std::string(1216, '\xFF');
    expected = CloudError::DeviceKey;
  }
  SUBCASE("server key") {
    identity.server_public_key = std::string(768, '\xFF');
    expected = CloudError::ServerKey;
  }
  SUBCASE("session block for another device") {
    answer[3] ^= 1;
    expected = CloudError::Decryption;
  }
  SUBCASE("session block too short") {
    answer = TestKeys::get().session_answer(block.substr(1));
    expected = CloudError::Decryption;
  }
  SUBCASE("signature broken") {
    answer[200] ^= 1;
    expected = CloudError::Signature;
  }
  SUBCASE("signature over something else") {
    answer.replace(128, 256, TestKeys::get().sign_as_server(std::string(20, 's')));
    expected = CloudError::Signature;
  }
  Handshake handshake(identity);
  const std::string stream = std::string(40, 'n') + answer;
  handshake.feed(stream.data(), stream.size());
  CHECK(handshake.state() == Handshake::State::Failed);
  CHECK(handshake.error() == expected);
}

TEST_CASE("cloud back-off: 1 s five times, then doubled every five attempts up to 64 s") {
  BackOff back_off;
  for (uint64_t expected : {1000, 2000, 4000, 8000, 16000, 32000, 64000, 64000})
    for (int i = 0; i < 5; ++i) CHECK(back_off.next_ms() == expected);
  back_off.reset();
  CHECK(back_off.next_ms() == 1000);
}

TEST_CASE("cloud address: $id and port") {
  const std::string id = bytes("3A0021000347343339373536");
  CHECK(expand_host("$id.udp.example.com", id) == "3a0021000347343339373536.v2.udp.example.com");
  CHECK(expand_host("example.com", id) == "example.com");
  const auto address = resolve("127.0.0.9", 5683);
  REQUIRE(address);
  CHECK(ntohl(address->sin_addr.s_addr) == 0x7F000009);
  CHECK(ntohs(address->sin_port) == 5683);
  CHECK_FALSE(resolve("", 5683));
}

TEST_CASE("cloud link: comes online, states in order, application when ready") {
  LinkBench bench;
  CHECK_FALSE(bench.link->publish(publish_of("early")));
  REQUIRE(bench.connect());
  CHECK(bench.until([&] { return bench.host.states.size() >= 3; }));
  CHECK(bench.host.states == std::vector<State>{State::Connecting, State::Handshaking, State::Connected});
  CHECK(bench.server.introduction.size() == 214);
  CHECK(hex(bench.server.received.at(0)).substr(0, 8) == "5002" + hex(bytes("2222")));  // salt 21 22 -> 0x2221 + 1
  bench.link->application_ready();
  const std::string last_subscription = bytes("B165 03 'foo'");
  CHECK(bench.until([&] { return bench.server.received.back().substr(4) == last_subscription; }));
  CHECK(bench.link->publish(publish_of("hello")));
  CHECK(bench.until([&] { return bench.server.received.back().substr(4) == bytes("B165 05 'hello'"); }));
}

TEST_CASE("cloud link: the server's stream byte by byte") {
  LinkBench bench;
  bench.server.send_bytewise = true;
  REQUIRE(bench.connect());
  bench.server.send(bytes("41021270 64 B166 05 'alpha' 43 'abc'"));
  CHECK(bench.until([&] { return bench.server.received.back().substr(4) == bytes("64 FF 00000003"); }));
}

TEST_CASE("cloud link: a frame split at every byte") {
  LinkBench bench;
  REQUIRE(bench.connect());
  std::string stream;
  bench.link->application_ready();
  const std::string request = bytes("41021270 64 B166 05 'alpha' 43 'abc'");
  bench.server.send_bytewise = true;
  for (int i = 0; i < 3; ++i) bench.server.send(request);
  CHECK(bench.until([&] {
    return std::count_if(bench.server.received.begin(), bench.server.received.end(),
                         [](const std::string& message) { return message.substr(4) == bytes("64 FF 00000003"); }) == 3;
  }));
}

TEST_CASE("cloud link: garbage in place of a frame ends the connection, which comes back") {
  LinkBench bench;
  REQUIRE(bench.connect());
  bench.server.send_raw(std::string(64, '\xFF'));
  CHECK(bench.until([&] { return bench.server.accepted == 2 && bench.link->connected(); }));
  CHECK(bench.host.errors == std::vector<CloudError>{CloudError::Framing});
}

TEST_CASE("cloud link: a lost session is reported and comes back; a wrong server key does not") {
  LinkBench bench;
  REQUIRE(bench.connect());
  bench.link->application_ready();
  bench.server.hang_up();
  CHECK(bench.until([&] { return !bench.link->connected(); }));
  CHECK(bench.until([&] { return bench.server.accepted == 2 && bench.link->connected(); }));
  const std::vector<State> expected{State::Connecting, State::Handshaking, State::Connected, State::Disconnected,
                                    State::Connecting, State::Handshaking, State::Connected};
  CHECK(bench.until([&] { return bench.host.states.size() >= expected.size(); }));
  CHECK(bench.host.states == expected);
  CHECK(bench.until([&] { return bench.server.received.back().substr(4) == bytes("B165 03 'foo'"); }));

  bench.host.identity.server_public_key[100] ^= 1;
  bench.server.hang_up();
  CHECK(bench.until([&] { return bench.host.errors.size() >= 2; }));
  CHECK_FALSE(bench.link->connected());
}

TEST_CASE("cloud link: disconnect() is at once and final") {
  LinkBench bench;
  REQUIRE(bench.connect());
  bench.link->disconnect();
  CHECK_FALSE(bench.link->connected());
  CHECK_FALSE(bench.link->wanted());
  CHECK(bench.host.states.back() == State::Disconnected);
  CHECK(bench.until([&] { return bench.server.device_gone; }));
  CHECK(bench.server.accepted == 1);
  REQUIRE(bench.connect());
  CHECK(bench.until([&] { return bench.server.accepted == 2; }));
}

TEST_CASE("cloud link: nobody listens: unreachable, still wanted, and connected once somebody does") {
  LinkBench bench;
  const uint16_t port = bench.server.port();
  bench.host.identity.port = 1;
  bench.link->connect();
  CHECK(bench.until([&] { return !bench.host.errors.empty(); }));
  CHECK(bench.host.errors[0] == CloudError::Unreachable);
  CHECK(bench.link->wanted());
  bench.host.identity.port = port;
  CHECK(bench.until([&] { return bench.link->connected(); }));
}

TEST_CASE("cloud link: a function may disconnect, and one that waits still lets pings through") {
  LinkBench bench;
  bool pinged = false;
  bench.host.surface.functions.push_back({"wait", [&](const std::string&) {
                                            bench.server.send(bytes("40000BAD"));
                                            pinged = bench.until([&] {
                                              const std::string& last = bench.server.received.back();
                                              return last.size() == 4 && last.substr(0, 2) == bytes("6000");
                                            });
                                            return 7;
                                          }});
  bench.host.surface.functions.push_back({"leave", [&](const std::string&) {
                                            bench.link->disconnect();
                                            return 8;
                                          }});
  REQUIRE(bench.connect());
  bench.server.send(bytes("41020001 64 B166 04 'wait' 40"));
  CHECK(bench.until([&] { return bench.server.received.back().substr(4) == bytes("64 FF 00000007"); }));
  CHECK(pinged);
  bench.server.send(bytes("41020001 64 B166 05 'leave' 40"));
  CHECK(bench.until([&] { return bench.server.device_gone; }));
  CHECK(bench.server.received.back() == bytes("60000001"));
}

TEST_CASE("cloud link: an acknowledged publish") {
  LinkBench bench;
  REQUIRE(bench.connect());
  std::optional<bool> outcome;
  PublishRequest request;
  request.name = "a";
  request.with_ack = true;
  bench.server.on_message = [&](const std::string& message) {
    if (message.substr(4) == bytes("B165 01 'a'")) bench.server.send(bytes("6000") + message.substr(2, 2));
  };
  CHECK(bench.link->publish(request, [&](bool ok) { outcome = ok; }));
  CHECK(bench.until([&] { return outcome.has_value(); }));
  CHECK(outcome == true);
}

TEST_CASE("cloud link: an update is applied only after its last answer is on the wire") {
  LinkBench bench;
  REQUIRE(bench.connect());
  const std::string image(700, 'i');
  bench.server.send(bytes("41022000 71 B175 FF 00 0200") + big_endian(700, 4) + bytes("00 00000000"));
  for (size_t at = 0; at < image.size(); at += 512) {
    const std::string data = image.substr(at, 512);
    bench.server.send(bytes("41022001 70 B163 44") + big_endian(crc32_of(data), 4) + "\xFF" + data);
  }
  CHECK(bench.until([&] { return bench.link->update_running(); }));
  CHECK_FALSE(bench.link->publish(publish_of("refused")));
  bench.server.send(bytes("41032005 72 B175"));
  CHECK(bench.until([&] { return bench.host.applied == 1; }));
  CHECK(bench.server_got(bytes("61442005 72 FF '{\"r\":0}'")));
  CHECK(bench.host.image[512].size() == 188);
}
