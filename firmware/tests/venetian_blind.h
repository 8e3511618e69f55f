// A venetian's driver on the model of its motor, with inertia and play, on a clock that is turned by hand.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "Particle.h"
#include "base/json.h"
#include "base/monotonic.h"
#include "device/photon.h"
#include "test_housing.h"
#include "venetian/src/encoder_drive.h"

namespace {

using shade::Direction;
using shade::Fault;

struct Blind {
  uint64_t now_us = 1000000000;
  std::string state;
  vphoton::test::TestHousing housing;
  std::unique_ptr<vphoton::Photon> photon;
  EncoderDrive drive{{D0, D1, D5, D6}};
  bool permitted = true;
  bool loops = true;

  // Half open, and two seconds the way.
  Blind() {
    vphoton::set_monotonic_source(&now_us);
    state = std::filesystem::temp_directory_path() / "blind-test-XXXXXX";
    REQUIRE(mkdtemp(state.data()) != nullptr);
    vphoton::Options options;
    options.state = state;
    options.device_id = std::string(12, '\x5A');
    options.wired_to = "venetian:2000";
    photon = std::make_unique<vphoton::Photon>(options, std::nullopt, housing);
    wire_to(photon.get());
    REQUIRE(photon->boot() == "");
    change(R"({"position":50})");
    pinMode(A0, OUTPUT);
  }
  ~Blind() {
    wire_to(nullptr);
    photon.reset();
    std::filesystem::remove_all(state);
    vphoton::set_monotonic_source(nullptr);
  }
  void begin() {
    REQUIRE(drive.begin());
    drive.place(5000, 1200);
  }

  void change(const std::string& json) { REQUIRE(photon->wiring()->change(*vphoton::JsonValue::parse(json)) == ""); }
  void fault(const std::string& name, bool on) {
    change("{\"fault\":\"lift_" + name + "\",\"on\":" + (on ? "true}" : "false}"));
  }
  double lift(const char* what) {
    return vphoton::JsonValue::parse(photon->wiring()->json())->find("parts")->find("lift")->find(what)->number;
  }
  int contradictions() {
    return static_cast<int>(vphoton::JsonValue::parse(photon->wiring()->json())->find("contradictions")->number);
  }
  void run_for(int ms) {
    for (int i = 0; i < ms; ++i) {
      now_us += 1000;
      if (permitted && i % 100 == 0) digitalWrite(A0, !digitalRead(A0));
      photon->process();
      if (loops && i % 20 == 0) drive.tick(millis());
    }
  }
  bool on() { return photon->pins().duty(D0) || photon->pins().duty(D1); }
  int duty() { return photon->pins().duty(D0) + photon->pins().duty(D1); }
  void go(int hundredths, bool known = true) {
    bool opens = hundredths > drive.feedback().measured || hundredths == 10000;
    drive.run({opens ? Direction::Open : Direction::Close, static_cast<uint16_t>(hundredths), known});
  }
  // One edge of the encoder by hand, in no time: A leads B towards open.
  void edge(bool opens) {
    const pin_t pin = (digitalRead(D5) == digitalRead(D6)) == opens ? D5 : D6;
    photon->pins().drive(pin, !digitalRead(pin));
  }
  // Milliseconds until the bridge is off.
  int until_off(int most = 5000) {
    int ms = 0;
    for (; ms < most && on(); ms += 10) run_for(10);
    return ms;
  }
};

}  // namespace
