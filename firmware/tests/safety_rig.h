// A controller whose motor, storage and guard show each call. All times and shares here are demands of their own, from
// the table of hazards, not the code's constants.
#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include "shade/page_desk.h"
#include "shade_fakes.h"

namespace safety {

using shade::Fault;

// A driver that shows each call, and lets a test look at the world at the moment the motor gets power.
struct Motor : fakes::Driver {
  using fakes::Driver::Driver;
  std::function<void()> on_run = [] {};
  bool on = false;
  uint8_t power = 100;
  bool run(const shade::Leg& leg) override {
    on_run();
    return fakes::Driver::run(leg);
  }
  void cut() override {
    act('k', true);
    on = false;
  }
  bool powered() override { return on; }
  uint8_t duty() override { return power; }
};

struct Guard : shade::Guard {
  std::string log;
  void arm() override { log += 'a'; }
  void renew() override { log += 'r'; }
  void disarm() override { log += 'd'; }
};

struct Storage : fakes::Storage {
  int tidied = 0;
  void tidy() override { ++tidied; }
};

// Half a minute each way, and a shade that backs off.
inline const shade::Identity kMeasured = {"sample",   20009, 7, false, {200, 10, 4, 60000}, shade::Measure::Counts,
                                          {1000, 200}};

struct Rig {
  fakes::Clock clock;
  Motor motor{clock};
  Storage storage;
  fakes::Publisher publisher;
  fakes::Indicator indicator;
  fakes::Board board;
  fakes::Observer observer;
  Guard guard;
  shade::Controller controller;

  explicit Rig(const shade::Identity& identity = fakes::kIdentity)
      : controller(identity, {motor, clock, storage, publisher, indicator, board, nullptr, &guard}) {}
  Rig(const shade::Identity& identity, const Storage& stored) : Rig(identity) { storage = stored; }

  void start() { controller.begin(observer); }
  void run_for(uint32_t ms) {
    for (uint32_t end = clock.now + ms; clock.now != end;) {
      clock.now += end - clock.now < 5 ? end - clock.now : 5;
      controller.tick();
    }
  }
  // A measured shade that makes so many hundredths a second.
  void travel(int to, int per_second) {
    while (motor.seen.measured != to) {
      int left = to - motor.seen.measured;
      int step = per_second / 20;
      motor.seen.measured += left > step ? step : left < -step ? -step : left;
      run_for(50);
    }
  }
  int fault() const { return static_cast<int>(controller.fault()); }
  bool stored_in_motion() {
    shade::Settings settings = {};
    shade::SettingsStore store(storage);
    return store.load(settings) == shade::SettingsStore::Found::Valid && settings.lift.in_motion;
  }
  uint16_t stored_position() {
    shade::Settings settings = {};
    REQUIRE(shade::SettingsStore(storage).load(settings) == shade::SettingsStore::Found::Valid);
    return settings.lift.position;
  }
  std::string events() const {
    std::string all;
    for (const auto& each : observer.events) all += each + "\n";
    return all;
  }
};

}  // namespace safety
