// The model of the drapery's motor, alone on a line.
#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>

#include "base/monotonic.h"
#include "base/reactor.h"
#include "board/pins.h"
#include "board/spi.h"
#include "board/uart.h"
#include "dooya_frames.h"
#include "worlds/bus_motor.h"

using namespace dooya;

namespace {

// The model alone, and what it says to a frame on a line that echoes.
struct Motor {
  uint64_t now_us = 5000000;
  Motor(const vphoton::BusMotor::Address& address) {
    vphoton::set_monotonic_source(&now_us);
    world.travel_ms = 10000;
    reactor = std::make_unique<vphoton::Reactor>();
    uart = std::make_unique<vphoton::Uart>(*reactor);
    spi = std::make_unique<vphoton::Spi>(*reactor);
    model = std::make_unique<vphoton::BusMotor>(world, vphoton::Ports{*reactor, pins, *uart, *spi}, address);
    uart->connect([this](const std::string& line) { model->received(line); });
    uart->begin(9600);
    pins.set_mode(2, vphoton::PinMode::Output);
  }
  ~Motor() {
    model.reset();
    vphoton::set_monotonic_source(nullptr);
  }
  void run_for(int ms) {
    for (int i = 0; i < ms; ++i) {
      now_us += 1000;
      reactor->run_once(0);
    }
  }
  std::string heard() {
    std::string all;
    while (uart->available()) all += static_cast<char>(uart->read());
    return all;
  }
  // The answer, behind the echo.
  std::string says(const std::string& frame, int held_ms = 0) {
    pins.write(2, 1);
    uart->write(reinterpret_cast<const uint8_t*>(frame.data()), frame.size());
    run_for(static_cast<int>(frame.size() * 10000 / 9600) + 1 + held_ms);
    pins.write(2, 0);
    run_for(60);
    const std::string all = heard();
    REQUIRE(all.substr(0, frame.size()) == frame);
    return all.substr(frame.size());
  }

  vphoton::World world{};
  vphoton::Pins pins;
  std::unique_ptr<vphoton::Reactor> reactor;
  std::unique_ptr<vphoton::Uart> uart;
  std::unique_ptr<vphoton::Spi> spi;
  std::unique_ptr<vphoton::BusMotor> model;
};

}  // namespace

TEST_CASE("the model motor answers as the agreement's does") {
  Motor motor({0x12, 0x34});
  CHECK(motor.says(kAskStatus) == kZero);
  CHECK(motor.says(kTo30) == kTo30);
  CHECK(motor.says(kAskStatus) == kOne);
  motor.run_for(4000);
  CHECK(motor.says(kAskStatus) == kZero);
  CHECK(motor.says(kAskPosition) == kAt30);
  CHECK(motor.says(kOpen) == kOpen);
  motor.run_for(500);
  CHECK(motor.says(kStop) == kStop);
  CHECK(motor.says(kAskStatus) == kZero);
  CHECK(motor.says(kClose) == kClose);
  motor.run_for(12000);
  CHECK(motor.says(kAskPosition) == kZero);
  CHECK(motor.says(bytes("55 12 34 01 03 01 2A DD")) == kZero);  // direction
  motor.world.numbers[0] = 1;                                    // it has forgotten its travel
  CHECK(motor.says(kTo30) == kRefused);
  CHECK(motor.says(kAskPosition) == kNoTravel);
  CHECK(motor.says(kOpen) == kOpen);
  motor.run_for(12000);
  CHECK(motor.says(kTo30) == kTo30);
}

TEST_CASE("the model motor refuses to open what is open") {
  Motor motor({0x01, 0x01});
  const std::string open = bytes("55 01 01 03 01 B9 00");
  CHECK(motor.says(open) == open);
  motor.run_for(12000);
  CHECK(motor.says(open) == bytes("55 01 01 03 01 FF 81 F2"));
}

TEST_CASE("the model motor obeys a group without a word, and no other motor's frames") {
  Motor motor({0x12, 0x34});
  CHECK(motor.says(bytes("55 00 00 03 01 E9 3C")).empty());
  CHECK(motor.says(kAskStatus) == kOne);
  CHECK(motor.says(bytes("55 00 00 03 03 68 FD")).empty());
  CHECK(motor.says(kAskStatus) == kZero);
  CHECK(motor.says(bytes("55 01 00 03 01 E8 C0")).empty());
  CHECK(motor.says(kAskStatus) == kZero);
}

TEST_CASE("the model motor refuses every frame with one wrong bit, and hears one behind any noise") {
  Motor motor({0x12, 0x34});
  for (size_t bit = 0; bit < kOpen.size() * 8; ++bit) {
    std::string frame = kOpen;
    frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ 1 << bit % 8);
    CAPTURE(bit);
    CHECK(motor.says(frame).empty());
  }
  CHECK(motor.says(kAskStatus) == kZero);
  std::mt19937 random(7);
  for (int i = 0; i < 300; ++i) {
    std::string noise;
    for (unsigned left = random() % 30; left > 0; --left) noise += random() % 3 ? static_cast<char>(random()) : 'U';
    noise += kOpen.substr(0, random() % kOpen.size());
    CAPTURE(i);
    CHECK(motor.says(noise + kAskStatus) == kZero);
  }
}

TEST_CASE("the model motor hears nothing while nothing drives the line, and is not heard while something else does") {
  Motor motor({0x12, 0x34});
  CHECK(motor.says(kAskStatus, 40).empty());
  motor.uart->write(reinterpret_cast<const uint8_t*>(kOpen.data()), kOpen.size());
  motor.run_for(60);
  CHECK(motor.heard().empty());
  CHECK(motor.says(kAskStatus) == kZero);
}

TEST_CASE("the model motor goes on without the Photon, to where it was sent") {
  Motor motor({0x12, 0x34});
  CHECK(motor.says(kTo30) == kTo30);
  motor.model.reset();
  motor.now_us += 1000000;
  const auto ports = vphoton::Ports{*motor.reactor, motor.pins, *motor.uart, *motor.spi};
  motor.model = std::make_unique<vphoton::BusMotor>(motor.world, ports, vphoton::BusMotor::Address{0x12, 0x34});
  CHECK(motor.says(kAskStatus) == kOne);
  motor.run_for(5000);
  CHECK(motor.says(kAskPosition) == kAt30);
  CHECK(motor.says(kAskStatus) == kZero);
}
