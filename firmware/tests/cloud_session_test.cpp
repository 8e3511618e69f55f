// The session of Device OS 2.3.1 against the traces of the compiled engine, and the rules the traces do not show.
#include <random>

#include "cloud_test_support.h"
#include "faces/cloud/describe.h"
#include "faces/cloud/messages.h"

using namespace vphoton;
using namespace vphoton::cloud;
using namespace vphoton::cloud::test;

using Answers = std::vector<std::string>;

TEST_CASE("cloud trace 2.3.1: what the device sends of its own accord") {
  PublishRequest claim = publish_of("spark/device/claim/code");
  claim.data = "x";
  claim.has_data = claim.is_private = true;
  CHECK(hex(event(0xC3F2, claim)) == hex(bytes("5002C3F2 B145 0D0A 'spark/device/claim/code' FF 'x'")));

  PublishRequest acknowledged = publish_of("ab/c12345678901");
  acknowledged.has_data = acknowledged.with_ack = true;
  CHECK(hex(event(0xC3F3, acknowledged)) == hex(bytes("4002C3F3 B165 0D02 'ab/c12345678901' FF")));

  PublishRequest short_lived = publish_of("n");
  short_lived.ttl = 61;
  short_lived.with_ack = true;
  CHECK(hex(event(0xC3F4, short_lived)) == hex(bytes("4002C3F4 B165 01 'n' 33 00003D")));

  CHECK(hex(subscription(0xC3F5, "particle", Scope::MyDevices, "")) == hex(bytes("4001C3F5 B165 08 'particle' 4175")));
  CHECK(hex(subscription(0xC3F6, "spark", Scope::MyDevices, "")) == hex(bytes("4001C3F6 B165 05 'spark' 4175")));
  CHECK(hex(subscription(0xC3F7, "foo", Scope::AllDevices, "")) == hex(bytes("4001C3F7 B165 03 'foo'")));
  CHECK(hex(time_request(0xC3F8, 0x67)) == hex(bytes("4101C3F8 67 B174")));

  std::vector<std::string> heard;
  const std::string json = describe_json(kDescribeApplication, trace_surface(&heard), "");
  CHECK(json == R"({"f":["alpha","beta"],"v":{"b":1,"i":2,"s":4,"d":9}})");
  CHECK(hex(describe_post(0xC3F9, 2, json)) == hex(bytes("4002C3F9 B164 4102 FF '" + json + "'")));
}

// The test host of the trace built for platform 3 without device-initiated describe; a Photon says 0006 and 36.
TEST_CASE("cloud trace 2.3.1: Hello carries salt + 1") {
  SessionBench bench;
  const std::array<uint8_t, 8> salt{0xF0, 0xC3, 0, 0, 0, 0, 0, 0};
  CHECK(Session::Start::from_salt(salt, default_generation()).message_id == 0xC3F0);
  bench.start(0xC3F1);
  CHECK(hex(bench.channel.take().at(0)) == hex(bytes("5002C3F1 B168 FF 0006 0002 00 36 0006")));
  bench.session->close();
  bench.host.update_succeeded = true;
  bench.start(0x0000);
  CHECK(hex(bench.channel.take().at(0)) == hex(bytes("50020000 B168 FF 0006 0002 00 37 0006")));
}

TEST_CASE("cloud trace 2.3.1: requests and their answers") {
  SessionBench bench;
  SUBCASE("ping and signal are answered with ids of their own") {
    bench.establish(0xC3FA);
    CHECK(bench.exchange("40001234") == hexes({"6000C3FA"}));
    CHECK(bench.exchange("41031235 77 B173 4101") == hexes({"6144C3FB 77"}));
    CHECK(bench.host.signalling == true);
    CHECK(bench.exchange("41031236 78 B173 4100") == hexes({"6144C3FC 78"}));
    CHECK(bench.host.signalling == false);
    CHECK(bench.exchange("41031237 79 B16B") == hexes({"6000C3FD"}));  // key change
  }
  SUBCASE("describe") {
    bench.establish(0xC3FD);
    CHECK(bench.exchange("41011240 55 B164 4101") == hexes({"60001240", "4145C3FD 55 FF '{\"p\":6,\"m\":[]}'"}));
  }
  SUBCASE("variables") {
    bench.establish(0xC401);
    CHECK(bench.exchange("41011252 60 B176 01 'b'") == hexes({"60001252", "5145C401 60 FF 01"}));
    CHECK(bench.exchange("41011251 60 B176 01 'i'") == hexes({"60001251", "5145C402 60 FF FFFFFFFE"}));
    CHECK(bench.exchange("41011254 60 B176 01 'd'") == hexes({"60001254", "5145C403 60 FF 000000000000F83F"}));
    CHECK(bench.exchange("41011253 60 B176 01 's'") == hexes({"60001253", "5145C404 60 FF 'zzzzz'"}));
    CHECK(bench.exchange("41011260 61 B176 02 'zz'") == hexes({"60001260", "5184C405 61"}));
  }
  SUBCASE("functions") {
    bench.establish(0xC40A);
    CHECK(bench.exchange("41021270 64 B166 05 'alpha' 43 'abc'") == hexes({"60001270", "5144C40A 64 FF 00000003"}));
    CHECK(bench.exchange("40001234") == hexes({"6000C40B"}));
    CHECK(bench.exchange("41021271 65 B166 04 'beta' 40") == hexes({"60001271", "5144C40C 65 FF 00000000"}));
    const std::string too_long(623, 'y');
    CHECK(bench.exchange("41021275 65 B166 04 'beta' 4E 0162 '" + too_long + "'") ==
          hexes({"60801275", "5144C40D 65 FF 0000026E"}));
    CHECK(bench.exchange("41021276 66 B166 05 'gamma' 41 '1'") == hexes({"60001276"}));
  }
  SUBCASE("an event from the cloud is never acknowledged") {
    bench.establish(0xC411);
    CHECK(bench.exchange("40021280 B165 03 'foo' 03 'bar' 31 3C FF 'hello'").empty());
    CHECK(bench.heard == Answers{"foo/bar=hello"});
  }
  SUBCASE("time") {
    bench.establish(0xC411);
    CHECK(bench.exchange("61450001 00 FF 5F000000").empty());
    CHECK(bench.host.time == 0x5F000000u);
  }
  SUBCASE("silence: ping after 15 s, closed 10 s later") {
    bench.establish(0xD237);
    CHECK(bench.session->deadline() == bench.now + 15000);
    bench.now += 14999;
    bench.session->tick();
    CHECK(bench.channel.sent.empty());
    bench.now += 1;
    bench.session->tick();
    CHECK(hex(bench.channel.take().at(0)) == "4000D237");
    CHECK(bench.session->deadline() == bench.now + 10000);
    bench.now += 9999;
    bench.session->tick();
    CHECK_FALSE(bench.channel.dropped);
    bench.now += 1;
    bench.session->tick();
    CHECK(bench.channel.dropped == CloudError::NoAnswer);
  }
}

TEST_CASE("cloud session: order of what follows Hello") {
  SessionBench bench;
  bench.host.code = "CODE";
  bench.host.reset_reason = "power_down";
  bench.start(0x0001);
  bench.session->application_ready();
  CHECK(bench.channel.take().size() == 1);  // Hello alone, until it is answered
  const Answers system = hexes({
      "40020002 B164 4101 FF '{\"p\":6,\"m\":[]}'",
      "50020003 B145 0D0A 'spark/device/claim/code' FF 'CODE'",
      "50020004 B145 0D0C 'spark/hardware/max_binary' FF '262144'",
      "50020005 B145 0D10 'spark/hardware/ota_chunk_size' FF '512'",
      "50020006 B145 0D0A 'spark/device/last_reset' FF 'power_down'",
      "50020007 B145 0D12 'particle/device/updates/enabled' FF 'true'",
      "50020008 B145 0D11 'particle/device/updates/forced' FF 'false'",
      "41010009 67 B174",
  });
  const Answers application = hexes({
      "4002000A B164 4102 FF '{\"f\":[\"alpha\",\"beta\"],\"v\":{\"b\":1,\"i\":2,\"s\":4,\"d\":9}}'",
      "4001000B B165 08 'particle' 4175",
      "4001000C B165 05 'spark' 4175",
      "4001000D B165 03 'foo'",
  });
  CHECK(bench.exchange("50020001 B168") == system);
  CHECK(bench.channel.times_established == 1);
  CHECK(bench.host.hellos_acknowledged == 1);
  CHECK(bench.session->established());

  SUBCASE("the application follows when it is ready, once") {
    bench.session->application_ready();
    bench.session->application_ready();
    Answers sent;
    for (const auto& message : bench.channel.take()) sent.push_back(hex(message));
    CHECK(sent == application);
  }
  SUBCASE("on the next connection it follows at once, and the reset reason is not told again") {
    bench.session->close();
    bench.memory.application_ready = true;
    bench.start(0x0001);
    bench.channel.take();
    const Answers all = bench.exchange("50020001 B168");
    CHECK(all.size() == system.size() - 1 + application.size());
    for (const auto& message : all) CHECK(message.find(hex("last_reset")) == std::string::npos);
    CHECK(all.back().substr(8) == application.back().substr(8));
  }
}

TEST_CASE("cloud session: safe mode says so and waits for no application") {
  SessionBench bench;
  bench.host.in_safe_mode = true;
  bench.host.surface = {};
  bench.start(1);
  bench.channel.take();
  const Answers sent = bench.exchange("50020001 B168");
  CHECK(sent.at(3) == hex(bytes("50020005 B145 0D08 'spark/device/safemode' FF")));
  CHECK(sent.at(7) == hex(bytes("40020009 B164 4102 FF '{\"f\":[],\"v\":{}}'")));
  CHECK(sent.size() == 10);
}

TEST_CASE("cloud session: Hello must be answered within 4 s") {
  SessionBench bench;
  bench.start(1);
  CHECK(bench.session->deadline() == bench.now + 4000);
  bench.now += 3999;
  bench.session->tick();
  CHECK_FALSE(bench.channel.dropped);
  bench.now += 1;
  bench.session->tick();
  CHECK(bench.channel.dropped == CloudError::TimedOut);
  CHECK(bench.exchange("50020001 B168").size() == 1);  // the Hello sent at the start, nothing after the end
}

TEST_CASE("cloud session: a confirmable Hello is acknowledged with its own id") {
  SessionBench bench;
  bench.start(1);
  bench.channel.take();
  CHECK(bench.exchange("4002BEEF B168").at(0) == "6000BEEF");
}

TEST_CASE("cloud session: describe flags") {
  SessionBench bench;
  bench.establish(0x0100);
  const std::string application = "\"f\":[\"alpha\",\"beta\"],\"v\":{\"b\":1,\"i\":2,\"s\":4,\"d\":9}";
  const std::string system = "\"p\":6,\"m\":[]";
  auto body = [&](const char* request) { return bytes(bench.exchange(request).at(1)).substr(6); };
  CHECK(body("41010001 55 B164 4102") == "{" + application + "}");
  CHECK(body("41010001 55 B164 4103") == "{" + application + "," + system + "}");
  CHECK(body("41010001 55 B164") == "{" + application + "," + system + "}");
  CHECK(body("41010001 55 B164 4109") == "{" + application + "," + system + "}");
  CHECK(hex(body("41010001 55 B164 4104")) == "000400020004000600E8030000130000B7FFFF");
}

TEST_CASE("cloud session: a describe that outgrows the buffer ends the session") {
  SessionBench bench;
  bench.establish(0x0100);
  bench.host.system = std::string(800, 'x');
  bench.exchange("41010001 55 B164 4101");
  CHECK(bench.channel.dropped == CloudError::Protocol);
}

TEST_CASE("cloud session: a string variable is cut at 776 bytes, a name of 64 characters is found") {
  SessionBench bench;
  const std::string name(64, 'n');
  bench.host.surface.variables.push_back(
      {name, VariableType::String, [] { return VariableValue(std::string(1000, 'l')); }});
  bench.establish(0x0100);
  const auto answers = bench.exchange("41010001 55 B176 0D33 '" + name + "'");
  CHECK(bytes(answers.at(1)).size() == 6 + 776);
}

TEST_CASE("cloud session: variable and function requests without a token end the session") {
  SessionBench bench;
  bench.establish(0x0100);
  SUBCASE("variable") { bench.exchange("40010001 B176 01 'b'"); }
  SUBCASE("function") { bench.exchange("40020001 B166 05 'alpha' 41 '1'"); }
  SUBCASE("two-byte token") { bench.exchange("42010001 0102 B176 01 'b'"); }
  CHECK(bench.channel.dropped == CloudError::Protocol);
  CHECK_FALSE(bench.session->established());
}

TEST_CASE("cloud session: only the first Uri-Query is the argument") {
  SessionBench bench;
  std::string argument;
  bench.host.surface.functions.push_back({"take", [&](const std::string& text) {
                                            argument = text;
                                            return 0;
                                          }});
  bench.establish(0x0100);
  bench.exchange("41020001 64 B166 04 'take' 43 'abc' 03 'def'");
  CHECK(argument == "abc");
  bench.exchange("41020001 64 B166 04 'take'");
  CHECK(argument == "\x04\x04\x04");  // padding taken for an option: the request was 12 bytes long
}

TEST_CASE("cloud session: events match by prefix, may have no data, and reach every handler") {
  SessionBench bench;
  auto listen = [&](const char* prefix) {
    bench.host.surface.subscriptions.push_back(
        {prefix, Scope::MyDevices, "",
         [&, prefix](const char* name, const char*) { bench.heard.push_back(std::string(prefix) + "<" + name); }});
  };
  listen("fo");
  listen("foobar");
  bench.establish(0x0100);
  CHECK(bench.exchange("50020001 B145 07 'foo/a/b'").empty());
  CHECK(bench.heard == Answers{"foo/a/b=(null)", "fo<foo/a/b"});
  bench.exchange("50020001 B145 05 'other' FF 'x'");
  CHECK(bench.heard.size() == 2);
}

TEST_CASE("cloud session: events for the system") {
  SessionBench bench;
  bench.establish(0x0100);
  auto event_from_cloud = [&](const std::string& name, const std::string& rest) {
    CHECK(bench
              .exchange("50020001 B145 0D" + hex(std::string(1, static_cast<char>(name.size() - 13))) + " '" + name +
                        "' " + rest)
              .empty());
  };
  event_from_cloud("spark/device/claim/ok", "");
  CHECK(bench.host.claims_confirmed == 1);
  event_from_cloud("spark/device/claim/code/x", "FF 'anything'");
  CHECK(bench.host.claims_confirmed == 2);

  event_from_cloud("spark/device/reset", "FF 'reboot'");
  CHECK(bench.host.reset == ResetRequest::Reboot);
  event_from_cloud("spark/device/reset", "FF 'safe mode'");
  CHECK(bench.host.reset == ResetRequest::SafeMode);
  event_from_cloud("spark/device/reset", "FF 'dfu'");
  CHECK(bench.host.reset == ResetRequest::Dfu);
  event_from_cloud("spark/device/reset", "FF 'network'");
  CHECK(bench.host.reset == ResetRequest::Network);
  bench.host.reset.reset();
  event_from_cloud("spark/device/reset", "FF 'nonsense'");
  event_from_cloud("spark/device/reset", "");
  CHECK_FALSE(bench.host.reset);

  // Device OS publishes a flag that has changed.
  auto set_flag = [&](const std::string& name, const std::string& rest) {
    bench.session->receive(bytes("50020001 B145 0D" + hex(std::string(1, static_cast<char>(name.size() - 13))) + " '" +
                                 name + "' " + rest));
    bench.channel.take();
  };
  for (const char* data : {"FF 'true'", "FF 't'", "FF"}) {
    bench.host.forced = bench.host.pending = false;
    set_flag("particle/device/updates/forced", data);
    set_flag("particle/device/updates/pending", data);
    CHECK(bench.host.forced);
    CHECK(bench.host.pending);
  }
  for (const char* data : {"FF 'false'", "FF 'truer'"}) {
    bench.host.forced = bench.host.pending = true;
    set_flag("particle/device/updates/forced", data);
    set_flag("particle/device/updates/pending", data);
    CHECK_FALSE(bench.host.forced);
    CHECK_FALSE(bench.host.pending);
  }
  bench.host.forced = true;
  set_flag("particle/device/updates/forced", "");
  CHECK(bench.host.forced);

  event_from_cloud("spark/device/key/restore", "");
  CHECK(bench.host.key_restores == 1);
}

TEST_CASE("cloud session: time is corrected by half the round trip") {
  SessionBench bench;
  bench.establish(0x0100);
  bench.session->sync_time();
  bench.now += 9000;
  bench.exchange("6145F00D 68 FF 5F000000");
  CHECK(bench.host.time == 0x5F000000u - 4);
  bench.host.time.reset();
  bench.exchange("6145F00D 68 FF 5F0000");  // too short
  CHECK_FALSE(bench.host.time);
}

TEST_CASE("cloud session: publishing") {
  SessionBench bench;
  bench.start(1);
  CHECK_FALSE(bench.session->publish(publish_of("early"), nullptr));
  bench.session->close();
  bench.establish(0x0100);

  SUBCASE("forms") {
    PublishRequest request = publish_of("a");
    request.is_private = true;
    request.ttl = 0xFFFFFFFF;
    CHECK(bench.session->publish(request, nullptr));
    CHECK(hex(bench.channel.take().at(0)) == hex(bytes("50020100 B145 01 'a' 33 FFFFFF")));
  }
  SUBCASE("names and data are cut at their limits, as in messages.cpp of Device OS 2.3.1") {
    for (const size_t more : {0, 1}) {
      PublishRequest request = publish_of(std::string(64 + more, 'n'));
      request.data = std::string(622 + more, 'd');
      request.has_data = true;
      CHECK(bench.session->publish(request, nullptr));
      CHECK(bench.channel.take().at(0).size() == 4 + 2 + 2 + 64 + 1 + 622);
    }
    CHECK_FALSE(bench.session->publish(publish_of(""), nullptr));
    CHECK(bench.channel.sent.empty());
  }
  SUBCASE("acknowledged") {
    std::vector<bool> outcomes;
    auto record = [&](bool ok) { outcomes.push_back(ok); };
    PublishRequest request = publish_of("a");
    request.with_ack = true;
    for (int i = 0; i < 4; ++i) CHECK(bench.session->publish(request, record));
    CHECK(outcomes.empty());
    bench.exchange("60000101");
    CHECK(outcomes == std::vector<bool>{true});
    bench.exchange("60000101");  // nobody waits any more
    bench.exchange("70000100");
    CHECK(outcomes == std::vector<bool>{true, false});
    bench.exchange("60800102");
    CHECK(outcomes == std::vector<bool>{true, false, false});
    bench.now += 10000;
    bench.exchange("40000001");
    bench.now += 9999;
    bench.session->tick();
    CHECK(outcomes.size() == 3);
    CHECK(bench.session->deadline() == bench.now + 1);
    bench.now += 1;
    bench.session->tick();
    CHECK(outcomes == std::vector<bool>{true, false, false, false});
  }
  SUBCASE("what was not acknowledged when the session ends has failed") {
    std::optional<bool> outcome;
    PublishRequest request = publish_of("a");
    request.with_ack = true;
    CHECK(bench.session->publish(request, [&](bool ok) { outcome = ok; }));
    bench.session->close();
    CHECK(outcome == false);
  }
}

TEST_CASE("cloud session: four events a second, and a refused attempt counts") {
  RateLimiter limiter;
  for (int i = 0; i < 4; ++i) CHECK(limiter.admit("app", 5000));
  CHECK_FALSE(limiter.admit("app", 5000));
  CHECK_FALSE(limiter.admit("app", 5999));
  CHECK_FALSE(limiter.admit("app", 5999));
  CHECK(limiter.admit("app", 6000));  // the oldest of the last five attempts is of 5000
  CHECK(limiter.admit("app", 6500));
  CHECK_FALSE(limiter.admit("app", 6998));  // now it is the refused one of 5999
  CHECK(limiter.admit("app", 8000));
  CHECK(limiter.admit("spark/x", 8000));  // another class
}

TEST_CASE("cloud session: 255 system events in a window of 65.536 s") {
  RateLimiter limiter;
  for (int i = 0; i < 255; ++i) CHECK(limiter.admit(i % 2 ? "spark/x" : "particle/y", 65536 + i));
  CHECK_FALSE(limiter.admit("spark/x", 65536 + 300));
  CHECK(limiter.admit("Spark/x", 65536 + 300));  // case counts: an application event
  CHECK(limiter.admit("spark/x", 2 * 65536));
}

TEST_CASE("cloud session: the rate is remembered from one connection to the next") {
  SessionBench bench;
  bench.establish(0x0100);
  for (int i = 0; i < 4; ++i) CHECK(bench.session->publish(publish_of("a"), nullptr));
  bench.session->close();
  bench.start(1);
  bench.session->receive(bytes("50020001 B168"));
  CHECK_FALSE(bench.session->publish(publish_of("a"), nullptr));
}

TEST_CASE("cloud session: a new subscription is sent alone; a device id from the table is cut to 12 characters") {
  SessionBench bench;
  const std::string id = "0123456789abcdef01234567";
  bench.establish(0x0100);
  bench.session->subscriptions_changed();
  CHECK(bench.channel.sent.empty());
  bench.host.surface.subscriptions.push_back({"bar", Scope::OneDevice, id, nullptr});
  bench.session->subscriptions_changed();
  CHECK(hex(bench.channel.take().at(0)) == hex(bytes("40010100 B165 03 'bar' FF '" + id + "'")));
  bench.session->subscriptions_changed();
  CHECK(bench.channel.sent.empty());

  bench.session->close();
  bench.start(1);
  bench.session->receive(bytes("50020001 B168"));
  CHECK(hex(bench.channel.take().back()).substr(8) == hex(bytes("B165 03 'bar' FF '0123456789ab'")));
}

TEST_CASE("cloud session: messages that arrive while a function runs") {
  SessionBench bench;
  Answers log;
  bench.host.surface.functions.push_back({"slow", [&](const std::string& argument) {
                                            log.push_back("begin " + argument);
                                            // What delay() does: the reactor runs, messages come in.
                                            if (argument == "1") {
                                              bench.session->receive(bytes("41020002 65 B166 04 'slow' 41 '2'"));
                                              bench.session->receive(bytes("40000003"));
                                              bench.session->receive(bytes("61450004 00 FF 5F000000"));
                                            }
                                            log.push_back("end " + argument);
                                            return argument[0] - '0';
                                          }});
  bench.establish(0x0100);
  CHECK(bench.exchange("41020001 64 B166 04 'slow' 41 '1'") ==
        hexes({"60000001", "60000100", "51440101 64 FF 00000001", "60000002", "51440102 65 FF 00000002"}));
  CHECK(log == Answers{"begin 1", "end 1", "begin 2", "end 2"});
  CHECK(bench.host.time == 0x5F000000u);
}

TEST_CASE("cloud session: a function may end the session it was called from") {
  SessionBench bench;
  bench.host.surface.functions.push_back({"bye", [&](const std::string&) {
                                            bench.session->receive(bytes("41020002 65 B166 05 'alpha' 41 '2'"));
                                            auto session = std::move(bench.session);
                                            session->close();
                                            return 1;
                                          }});
  bench.establish(0x0100);
  bench.session->receive(bytes("41020001 64 B166 03 'bye' 40"));
  CHECK(bench.channel.take() == Answers{bytes("60000001")});
}

TEST_CASE("cloud session: too many messages behind a function that does not return end the session") {
  SessionBench bench;
  bench.host.surface.functions.push_back({"flood", [&](const std::string&) {
                                            for (int i = 0; i < 600; ++i)
                                              bench.session->receive(bytes("41010001 60 B176 01 'b'"));
                                            return 1;
                                          }});
  bench.establish(0x0100);
  bench.exchange("41020001 64 B166 05 'flood' 40");
  CHECK(bench.channel.dropped == CloudError::Protocol);
}

TEST_CASE("cloud session: while a debugger holds the application, what needs it waits and all else goes on") {
  SessionBench bench;
  int calls = 0, readings = 0;
  bench.host.surface.functions.push_back({"count", [&](const std::string&) { return ++calls; }});
  bench.host.surface.variables.push_back({"made", VariableType::Int,
                                          [&] {
                                            ++readings;
                                            return VariableValue(int32_t{7});
                                          },
                                          true});
  bench.establish(0x0100);
  bench.host.stopped = true;
  CHECK(bench.exchange("41020001 64 B166 05 'count' 40").empty());
  CHECK(bench.exchange("41010002 65 B176 04 'made'").empty());
  CHECK(bench.exchange("41010003 66 B176 01 'b'").size() == 2);  // acknowledgement and value: it lies in memory
  CHECK(bench.exchange("40000004").size() == 1);                 // ping
  bench.exchange("50020005 B145 0D08 'spark/device/claim/ok'");
  CHECK(bench.host.claims_confirmed == 1);
  CHECK((calls == 0 && readings == 0));
  bench.session->application_released();  // and it has stopped again already
  CHECK(calls == 0);
  bench.host.stopped = false;
  bench.session->application_released();
  CHECK((calls == 1 && readings == 1));
  CHECK(bench.channel.take().size() == 4);  // acknowledgements, the function's result, the variable's value
}

TEST_CASE("cloud session: a debugger that stops the application inside a function holds up nothing else") {
  SessionBench bench;
  std::vector<std::string> meanwhile;
  int calls = 0;
  bench.host.surface.functions.push_back({"stops", [&](const std::string&) {
                                            if (++calls > 1) return calls;
                                            bench.host.stopped = true;
                                            bench.exchange("41020002 64 B166 05 'stops' 40");
                                            meanwhile = bench.exchange("41010003 66 B176 01 'b'");
                                            bench.host.stopped = false;
                                            bench.session->application_released();
                                            CHECK(calls == 1);
                                            return calls;
                                          }});
  bench.establish(0x0100);
  bench.exchange("41020001 64 B166 05 'stops' 40");
  CHECK(meanwhile.size() == 2);  // acknowledgement and value of the variable
  CHECK(calls == 2);
}

TEST_CASE("cloud session: unknown messages are dropped silently") {
  SessionBench bench;
  bench.establish(0x0100);
  for (const char* message : {"400100", "41010001 55 B15A", "41020001 55 B15A", "41030001 55 B15A", "50000001",
                              "40040001 B176", "41010001 55", "40020001", "41010001 55 B176", "41010001 55 B176 0D"})
    CHECK(bench.exchange(message).empty());
  CHECK_FALSE(bench.channel.dropped);
}

TEST_CASE("cloud session: random messages never do harm") {
  std::mt19937 random(77);
  const char paths[] = "vdfeEhsuckxt";
  for (int round = 0; round < 60; ++round) {
    SessionBench bench;
    bench.establish(0x0100);
    for (int i = 0; i < 100 && !bench.channel.dropped; ++i) {
      std::string message = {static_cast<char>((4 + random() % 4) << 4 | 1),
                             static_cast<char>(random() % 4),
                             static_cast<char>(random()),
                             static_cast<char>(random()),
                             static_cast<char>(random()),
                             static_cast<char>(0xB1),
                             paths[random() % (sizeof paths - 1)]};
      for (size_t extra = random() % 40; extra > 0; --extra)
        message += static_cast<char>(random() % 3 ? random() : random() % 80);
      if (random() % 8 == 0) message.resize(random() % message.size());
      bench.session->receive(message);
      for (const auto& sent : bench.channel.take()) CHECK(sent.size() >= 4);
    }
  }
}
