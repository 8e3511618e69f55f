#include <doctest/doctest.h>

#include <string>

#include "application.h"

namespace {

struct Sink : Print {
  std::string text;
  using Print::write;
  size_t write(uint8_t c) override {
    text += static_cast<char>(c);
    return 1;
  }
};

struct Point : Printable {
  size_t printTo(Print& p) const override { return p.print("(1,2)"); }
};

}  // namespace

TEST_CASE("Print writes text, numbers and formats") {
  Sink sink;
  sink.print("a");
  sink.print('b');
  sink.print(-5);
  sink.print(255, HEX);
  sink.print(1.25);
  sink.print(String("s"));
  CHECK(sink.text == "ab-5ff1.25s");
  sink.text.clear();
  CHECK(sink.println(7) == 3);
  sink.println(1.0, 3);
  sink.println();
  CHECK(sink.text == "7\r\n1.000\r\n\r\n");
  sink.text.clear();
  CHECK(sink.printlnf("%s=%d", std::string(300, 'k').c_str(), 9) == 304);
  CHECK(sink.text == std::string(300, 'k') + "=9\r\n");
}

TEST_CASE("Print and String take Printables") {
  Sink sink;
  sink.print(Point());
  CHECK(sink.text == "(1,2)");
  CHECK(String(Point()) == "(1,2)");
}

TEST_CASE("arithmetic helpers") {
  CHECK(map(5, 0, 10, 0, 100) == 50);
  CHECK(map(5, 0, 0, 7, 100) == 7);
  CHECK(map(0, 0, 10, 100, 0) == 100);
  CHECK(constrain(11, 0, 10) == 10);
  CHECK(min(1, 2) == 1);
  CHECK(max(1, 2.5) == 2.5);
  for (int i = 0; i < 1000; ++i) {
    int n = random(3, 7);
    CHECK(n >= 3);
    CHECK(n < 7);
  }
  CHECK(random(5, 5) == 5);
}
