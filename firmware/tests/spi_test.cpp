// SPI of the virtual Photon: how long a transfer takes, what comes back, and what is cut off.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "base/monotonic.h"
#include "board/spi.h"

using vphoton::Reactor;
using vphoton::Spi;

namespace {

struct Bus {
  uint64_t now_us = 5000000;
  Bus() { vphoton::set_monotonic_source(&now_us); }
  ~Bus() { vphoton::set_monotonic_source(nullptr); }
  void run_for(int ms) {
    for (int i = 0; i < ms; ++i) {
      now_us += 1000;
      reactor.run_once(0);
    }
  }
  // The clock is set before the reactor looks at it.
  Reactor reactor{};
  Spi spi{reactor};
};

}  // namespace

TEST_CASE("a transfer takes as long as its bits at the divided clock") {
  Bus bus;
  std::string heard, back;
  uint32_t clock = 0;
  bus.spi.connect([&](const std::string& bytes, uint32_t hz) {
    heard = bytes;
    clock = hz;
    return std::string("\x01\x02\x03");
  });
  bus.spi.transfer("ignored", [&](const std::string&) { back = "it was off"; });
  bus.spi.begin();
  bus.spi.divide_by(256);
  bus.spi.transfer(std::string(1000, 'x'), [&](const std::string& received) { back = received; });
  CHECK(bus.spi.busy());
  bus.spi.transfer("while busy", nullptr);
  bus.run_for(34);
  CHECK(heard.empty());
  bus.run_for(1);  // 8000 bits of 60 MHz / 256: 34.13 ms
  CHECK(heard == std::string(1000, 'x'));
  CHECK(clock == 234375);
  CHECK(back == std::string("\x01\x02\x03") + std::string(997, '\0'));
  CHECK_FALSE(bus.spi.busy());
}

TEST_CASE("a transfer that is cancelled has sent what was out, and is not told of") {
  Bus bus;
  std::string heard;
  bool told = false;
  bus.spi.connect([&](const std::string& bytes, uint32_t) {
    heard = bytes;
    return bytes;
  });
  bus.spi.begin();
  bus.spi.divide_by(256);
  bus.spi.transfer(std::string(1000, 'x'), [&](const std::string&) { told = true; });
  bus.run_for(10);
  bus.spi.cancel();
  CHECK(heard.size() == 292);  // 10 ms of 34.13 us each
  bus.run_for(50);
  CHECK_FALSE(told);
}
