#include <doctest/doctest.h>

#include "shade_fakes.h"

namespace {

struct Fixture : fakes::Rig {
  fakes::Port port;
  shade::Console console{port, controller, board};

  Fixture() {
    controller.begin(console);
    port.out.clear();
  }
  std::string ask(const std::string& text) {
    size_t before = port.out.size();
    port.type(text);
    console.poll();
    REQUIRE(port.out.size() == before + 1);
    return port.out.back();
  }
};

}  // namespace

TEST_CASE("every line is answered by one JSON line") {
  Fixture f;
  CHECK(f.ask("ping 17\n") == R"({"pong":"17"})");
  CHECK(f.ask("info\r\n") ==
        R"({"id":"0123456789abcdef01234567","variant":"sample","fw":"sample 7","product":20009,"version":7,)"
        R"("device_os":"2.3.1","cloud":true,"reset_reason":140})");
  CHECK(f.ask("calibrate 4000,2000\n") == R"({"calibrate":"4000,2000","result":0})");
  CHECK(f.ask("identify 2\r") == R"({"identify":"2","result":2})");
  CHECK(
      f.ask("status\n")
          .find(
              R"({"position":0,"moving":false,"target":0,"open_ms":4000,"close_ms":2000,"fault_text":"none","site":"","fault":0,)") ==
      0);
  CHECK(f.ask("move 40\n") == R"({"move":"40","result":40})");
  CHECK(f.ask("move sideways\n") == R"({"move":"sideways","result":-1})");
  CHECK(f.ask("help\n").find(R"({"commands":["ping TOKEN","info",)") == 0);
}

TEST_CASE("a line may come in any pieces") {
  const std::string text = "ping abc\r\n";
  for (size_t split = 0; split <= text.size(); ++split) {
    Fixture f;
    f.port.type(text.substr(0, split));
    f.console.poll();
    f.port.type(text.substr(split));
    f.console.poll();
    CHECK(f.port.out == std::vector<std::string>{R"({"pong":"abc"})"});
  }
}

TEST_CASE("unknown commands and garbage get an error that still is JSON") {
  Fixture f;
  CHECK(f.ask("fly\n") == R"({"error":"unknown command","line":"fly","hint":"help"})");
  CHECK(f.ask("\"\\\x01\xff\n") == R"({"error":"unknown command","line":"\"\\\u0001\u00ff","hint":"help"})");
  CHECK(f.ask("ping\n") == R"({"error":"usage","usage":"ping TOKEN"})");
  CHECK(f.ask("info now\n") == R"({"error":"usage","usage":"info"})");
  CHECK(f.ask("inf\n").find("unknown command") != std::string::npos);
}

TEST_CASE("the longest line of control characters is answered with JSON that ends") {
  Fixture f;
  std::string answer = f.ask(std::string(shade::LineReader::kMaxLine, '\x01') + "\n");
  CHECK(answer.front() == '{');
  CHECK(answer.back() == '}');
}

TEST_CASE("an overlong line is dropped whole, the next one counts") {
  Fixture f;
  f.port.type(std::string(500, 'x') + "move 100");
  f.console.poll();
  CHECK(f.port.out.empty());
  CHECK(f.ask("\n") == R"({"error":"line too long","limit":96})");
  CHECK_FALSE(f.controller.moving());
  CHECK(f.ask("ping 1\n") == R"({"pong":"1"})");
}

TEST_CASE("empty lines are not answered") {
  Fixture f;
  f.port.type("\r\n\n\r");
  f.console.poll();
  CHECK(f.port.out.empty());
}

TEST_CASE("reset is announced, once, before it happens") {
  Fixture f;
  CHECK(f.ask("reset\n") == R"({"event":"reset","reason":"console"})");
  CHECK(f.board.resets == 1);
  f.console.announce_reset("system");
  CHECK(f.port.out.size() == 1);
}

TEST_CASE("events are lines with an event key") {
  Fixture f;
  f.ask("calibrate 1000,1000\n");
  f.ask("move 50\n");
  f.run_until_rest();
  CHECK(f.port.out.back() == R"({"event":"moved","position":50,"target":50,"cause":"arrived"})");
}
