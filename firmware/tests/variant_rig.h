// A variant's driver on the model of what it drives, on a clock that is turned by hand.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "Particle.h"
#include "base/json.h"
#include "base/monotonic.h"
#include "device/photon.h"
#include "drapery/src/bus_motor.h"
#include "honeycomb/src/contact_drive.h"
#include "roller/src/radio_remote.h"
#include "shade_fakes.h"
#include "test_housing.h"
#include "venetian/src/encoder_drive.h"

namespace variant_rig {
constexpr uint32_t kTravelMs = 1000;
constexpr uint32_t kRadioTravelMs = 4000;  // a stop may have to wait for a frame of 64 ms

struct Variant {
  const char* name;
  uint32_t travel_ms;
  shade::MotionRules rules;
  shade::Measure measure;
  shade::Travel travel;
  // Per cent by which the real position may be off: at first, and more with every leg since the last end.
  double off, off_per_leg;
  double pushes_ms;      // how long a move may drive against an end
  std::set<int> faults;  // codes its model may lead to
};

inline const Variant kVariants[] = {
    {"roller", kRadioTravelMs, {600, 10}, shade::Measure::Time, {kRadioTravelMs, kRadioTravelMs}, 1, 2, 0, {1, 2}},
    {"venetian", kTravelMs, {200, 10}, shade::Measure::Counts, {1200, 240}, 1, 0, 300, {4, 5, 6, 13, 15}},
    {"drapery", kTravelMs, {100, 0}, shade::Measure::Motor, {20000, 20000}, 1, 0, 0, {4, 7, 8, 9, 13}},
    {"honeycomb", kTravelMs, {400, 50}, shade::Measure::Time, {kTravelMs, kTravelMs}, 2, 1, 0, {10, 11, 12}},
};

// Where a part really was when it said that it had come to rest.
struct Rest {
  std::string part, cause;
  int target;
  double real;
};

struct Clock : shade::Clock {
  uint32_t now_ms() override { return millis(); }
};

// The permit line on A0, and when the watchdog's timer runs.
struct PermitLine : shade::Guard {
  bool level = false, armed = false;
  void arm() override {
    armed = true;
    pinMode(A0, OUTPUT);
    renew();
  }
  void renew() override {
    level = !level;
    digitalWrite(A0, level);
  }
  void disarm() override { armed = false; }
};

// The power is gone, in the middle of a write or an erase.
struct PowerFails {};

// EEPROM as Device OS emulates it: two pages in turn; a full one is copied to the other, and must be erased before that
// one is full. Its size and what a byte takes are the 16 KB and the four bytes of the STM32F205's emulation.
struct PagedStorage : fakes::Storage {
  static constexpr int kPage = 16384;
  std::function<bool()> moves = [] { return false; };
  int used = 0, swaps = 0, erases = 0, erases_in_motion = 0;
  bool other_is_dirty = false;
  // Bytes and copies until the power fails within one; and erases. -1: never.
  int fails_at_point = -1, fails_at_erase = -1;

  bool write(int address, const void* data, size_t size) override {
    int takes = 4 * static_cast<int>(size);
    if (used + takes > kPage) {
      if (other_is_dirty) erase();
      point(fails_at_point);  // half a copy is none
      other_is_dirty = true;
      used = 4 * static_cast<int>(sizeof bytes);
      ++swaps;
    }
    used += takes;
    for (size_t i = 0; i < size; ++i) {
      point(fails_at_point);
      fakes::Storage::write(address + static_cast<int>(i), static_cast<const uint8_t*>(data) + i, 1);
    }
    writes -= static_cast<int>(size) - 1;
    return true;
  }
  void tidy() override {
    if (other_is_dirty) erase();
  }
  // One that is cut is worn, and has to be done again.
  void erase() {
    ++erases;
    erases_in_motion += moves();
    point(fails_at_erase);
    other_is_dirty = false;
  }

 private:
  static void point(int& left) {
    if (left >= 0 && left-- == 0) throw PowerFails();
  }
};

struct Rig : shade::Observer {
  const Variant& variant;
  const shade::Travel travel;  // what the firmware takes it for until it is calibrated
  uint64_t now_us = 1000000000;
  std::string state;
  vphoton::test::TestHousing housing;
  std::unique_ptr<vphoton::Photon> photon;

  Clock clock;
  PagedStorage storage;
  fakes::Publisher publisher;
  fakes::Indicator indicator;
  fakes::Board board;
  PermitLine permit;
  std::vector<Rest> rests;
  std::unique_ptr<RadioRemote> remote;
  std::unique_ptr<BusMotor> bus;
  std::unique_ptr<ContactDrive> contacts;
  std::unique_ptr<EncoderDrive> lift, slats;
  std::unique_ptr<shade::Controller> controller;
  uint64_t loop_us = 0;

  explicit Rig(const Variant& which) : Rig(which, which.travel) {}
  Rig(const Variant& which, const shade::Travel& until_calibrated) : variant(which), travel(until_calibrated) {
    vphoton::set_monotonic_source(&now_us);
    state = std::filesystem::temp_directory_path() / "variant-test-XXXXXX";
    REQUIRE(mkdtemp(state.data()) != nullptr);
    vphoton::Options options;
    options.state = state;
    options.device_id = std::string(12, '\x5A');
    options.wired_to = std::string(variant.name) + ":" + std::to_string(variant.travel_ms);
    photon = std::make_unique<vphoton::Photon>(options, std::nullopt, housing);
    wire_to(photon.get());
    REQUIRE(photon->boot() == "");
    storage.moves = [this] { return controller && controller->active(); };
    power_on();
  }
  ~Rig() {
    bus.reset();  // with its timer
    wire_to(nullptr);
    photon.reset();
    std::filesystem::remove_all(state);
    vphoton::set_monotonic_source(nullptr);
  }

  void power_on() {
    remote = std::make_unique<RadioRemote>();
    bus = std::make_unique<BusMotor>(D2);
    contacts = std::make_unique<ContactDrive>(ContactDrive::Pins{D2, D3, D4, D5, D6});
    lift = std::make_unique<EncoderDrive>(EncoderDrive::Pins{D0, D1, D5, D6});
    slats = std::make_unique<EncoderDrive>(EncoderDrive::Pins{D2, D3, A1, A2});
    std::string name = variant.name;
    shade::Driver& driver = name == "roller"     ? static_cast<shade::Driver&>(*remote)
                            : name == "drapery"  ? static_cast<shade::Driver&>(*bus)
                            : name == "venetian" ? static_cast<shade::Driver&>(*lift)
                                                 : static_cast<shade::Driver&>(*contacts);
    shade::Identity identity = {variant.name, 20001, 1, false, variant.rules, variant.measure, travel};
    controller = std::make_unique<shade::Controller>(
        identity, shade::Controller::Ports{driver, clock, storage, publisher, indicator, board,
                                           name == "venetian" ? slats.get() : nullptr, &permit});
    permit.armed = false;
    controller->begin(*this);
  }

  void on_event(const char* kind, const char* data) override {
    if (getenv("SAY")) fprintf(stderr, "%s %s real %s\n", kind, data, photon->wiring()->json().c_str());
    bool lift = strcmp(kind, "moved") == 0;
    if (!lift && strcmp(kind, "tilted") != 0) return;
    vphoton::JsonValue event = *vphoton::JsonValue::parse(data);
    const char* part = lift ? "lift" : "tilt";
    rests.push_back({part, *event.string_at("cause"), static_cast<int>(*event.int_at("target")), real(part)});
  }

  // All outputs are gone at once, and what was in memory; the world goes on for so long without them.
  void power_cut(int off_ms = 0) {
    controller.reset();
    bus.reset();  // with its timer
    for (pin_t pin = 0; pin < TOTAL_PINS; ++pin) {
      pinMode(pin, INPUT);
      detachInterrupt(pin);
    }
    Serial1.end();
    photon->spi().end();
    for (int i = 0; i < off_ms; ++i) {
      now_us += 1000;
      photon->process();
    }
    power_on();
  }

  // As ShadeDevice's loop: switches on the millisecond what is due soon, and looks around some times a second.
  void run_for(int ms, std::mt19937& random) {
    loop_us = 0;  // loop() follows whatever happened
    for (int i = 0; i < ms; ++i) {
      now_us += 1000;
      photon->process();
      if (permit.armed && now_us / 1000 % 100 == 0) controller->watch();
      if (now_us < loop_us) continue;
      controller->tick();
      uint32_t due = controller->due_in();
      loop_us = now_us + 1000ull * (due <= 50 ? std::max(1u, due) : 1 + random() % 30);
    }
  }
  void run_until_rest(std::mt19937& random) {
    for (int i = 0; i < 600 && (controller->moving() || i < 25); ++i) run_for(20, random);
    REQUIRE_FALSE(controller->moving());
  }

  vphoton::JsonValue world() { return *vphoton::JsonValue::parse(photon->wiring()->json()); }
  double real(const char* part, const char* what = "position") {
    vphoton::JsonValue all = world();
    return all.find("parts")->find(part)->find(what)->number;
  }
  void change(const std::string& json) { REQUIRE(photon->wiring()->change(*vphoton::JsonValue::parse(json)) == ""); }
  std::vector<std::string> faults() {
    std::vector<std::string> names;
    vphoton::JsonValue all = world();
    // Whoever loses power does so by power_cut().
    for (const auto& member : all.find("faults")->members)
      if (member.first != "weak_supply") names.push_back(member.first);
    return names;
  }
  void set_fault(const std::string& name, bool on) {
    change("{\"fault\":\"" + name + "\",\"on\":" + (on ? "true}" : "false}"));
  }
  bool has_tilt() { return controller->has_tilt(); }
};

}  // namespace variant_rig
