#include "base/reactor.h"

#include <poll.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/json.h"

using namespace vphoton;

namespace {

struct Pipe {
  Pipe() { REQUIRE(pipe(ends) == 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  void fill() { REQUIRE(write(ends[1], "x", 1) == 1); }
  int ends[2];
};

}  // namespace

TEST_CASE("timers run in the order they are due, cancelled ones not at all") {
  Reactor reactor;
  std::string order;
  reactor.after(3, [&] { order += "c"; });
  auto cancelled = reactor.after(2, [&] { order += "x"; });
  reactor.after(1, [&] { order += "a"; });
  reactor.after(1, [&] { order += "b"; });
  reactor.cancel(cancelled);
  reactor.cancel(cancelled);
  reactor.cancel(0);
  while (order.size() < 3) reactor.run_once(-1);
  CHECK(order == "abc");
  CHECK(reactor.now_ms() >= 3);
}

TEST_CASE("a timer may cancel another that is due as well, and add one for the next round") {
  Reactor reactor;
  std::string order;
  Reactor::TimerId second = 0;
  reactor.after(0, [&] {
    order += "a";
    reactor.cancel(second);
    reactor.after(0, [&] { order += "c"; });
  });
  second = reactor.after(0, [&] { order += "b"; });
  reactor.run_once(0);
  CHECK(order == "a");
  reactor.run_once(0);
  CHECK(order == "ac");
}

TEST_CASE("waiting ends with the next timer") {
  Reactor reactor;
  bool due = false;
  reactor.after(5, [&] { due = true; });
  reactor.run_once(-1);
  CHECK(due);
}

TEST_CASE("a descriptor forgotten in the same round is not called") {
  Reactor reactor;
  Pipe first, second;
  first.fill();
  second.fill();
  int calls = 0;
  for (Pipe* each : {&first, &second}) {
    reactor.watch(each->ends[0], POLLIN, [&](short) {
      ++calls;
      reactor.forget(first.ends[0]);
      reactor.forget(second.ends[0]);
    });
  }
  reactor.run_once(0);
  CHECK(calls == 1);
  reactor.run_once(0);
  CHECK(calls == 1);
}

TEST_CASE("a descriptor watched anew in the same round waits for its own event") {
  Reactor reactor;
  Pipe first, second;
  first.fill();
  second.fill();
  std::string order;
  auto both = [&](short) {
    order += "a";
    reactor.watch(first.ends[0], 0, [&](short) { order += "x"; });
    reactor.watch(second.ends[0], 0, [&](short) { order += "x"; });
  };
  reactor.watch(first.ends[0], POLLIN, both);
  reactor.watch(second.ends[0], POLLIN, both);
  reactor.run_once(0);
  CHECK(order == "a");
}

TEST_CASE("rounds within a handler") {
  Reactor reactor;
  Pipe pipe;
  pipe.fill();
  std::string order;
  reactor.after(1, [&] { order += "timer "; });
  reactor.watch(pipe.ends[0], POLLIN, [&](short) {
    reactor.forget(pipe.ends[0]);
    order += "begin ";
    while (order.find("timer") == std::string::npos) reactor.run_once(-1);
    order += "end";
  });
  reactor.run_once(-1);
  CHECK(order == "begin timer end");
}

TEST_CASE("JSON") {
  auto value = JsonValue::parse(R"( {"a":[1,-2.5e1,true,null],"b":{"c":"x\u00e9\ud83d\ude00\n"},"d":false} )");
  REQUIRE(value);
  CHECK(value->find("a")->items.size() == 4);
  CHECK(value->find("a")->items[1].number == -25);
  CHECK(value->find("b")->string_at("c") == "x\xC3\xA9\xF0\x9F\x98\x80\n");
  CHECK(value->bool_at("d") == false);
  CHECK_FALSE(value->int_at("d"));
  CHECK_FALSE(value->find("z"));
  for (const char* text :
       {"", "{", "[1,]", "{\"a\":}", "\"\\x\"", "\"\\ud800\"", "tru", "1 2", "-", "1e999", "\"a\nb\""}) {
    CAPTURE(text);
    CHECK_FALSE(JsonValue::parse(text));
  }
  CHECK_FALSE(JsonValue::parse(std::string(1000, '[')));
  CHECK(JsonObject().add("t", "a\"\\\x01").add("n", 5).add("b", true).str() ==
        "{\"t\":\"a\\\"\\\\\\u0001\",\"n\":5,\"b\":true}");
}

TEST_CASE("what is pausable waits while the reactor is paused") {
  Reactor reactor;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  REQUIRE(write(ends[1], "x", 1) == 1);
  int bytes = 0, cloud = 0, other = 0;
  reactor.watch(
      ends[0], POLLIN,
      [&](short) {
        char c;
        bytes += static_cast<int>(read(ends[0], &c, 1));
      },
      true);
  reactor.after(0, [&] { ++cloud; }, true);
  reactor.after(0, [&] { ++other; });
  reactor.pause(true);
  for (int i = 0; i < 3; ++i) reactor.run_once(2);
  CHECK((bytes == 0 && cloud == 0 && other == 1));
  reactor.pause(false);
  reactor.run_once(0);
  CHECK((bytes == 1 && cloud == 1 && other == 1));
  reactor.forget(ends[0]);
  close(ends[0]);
  close(ends[1]);
}
