// The drivers of the variants against the models of what they drive, on a clock that is turned by hand: random
// commands, faults and power cuts, hundreds of times faster than they would take.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "Particle.h"
#include "core/json.h"
#include "core/monotonic.h"
#include "core/photon.h"
#include "drapery/src/bus_motor.h"
#include "honeycomb/src/contact_drive.h"
#include "roller/src/radio_remote.h"
#include "shade_fakes.h"
#include "test_housing.h"
#include "venetian/src/encoder_drive.h"

namespace {

constexpr int kTravelMs = 1000;

struct Variant {
  const char* name;
  shade::MotionRules rules;
  shade::Measure measure;
  shade::Travel travel;
  // Per cent by which the real position may be off: at first, and more with every leg since the last end.
  double off, off_per_leg;
  double pushes_ms;      // how long a move may drive against an end
  std::set<int> faults;  // codes its model may lead to
};

const Variant kVariants[] = {
    {"roller", {600, 10}, shade::Measure::Time, {kTravelMs, kTravelMs}, 1, 2, 0, {1, 2}},
    {"venetian", {200, 10}, shade::Measure::Counts, {1200, 240}, 1, 0, 300, {4, 5, 6, 13}},
    {"drapery", {100, 0}, shade::Measure::Motor, {20000, 20000}, 1, 0, 0, {4, 7, 8, 9, 13}},
    {"honeycomb", {400, 50}, shade::Measure::Time, {kTravelMs, kTravelMs}, 2, 1, 0, {10, 11, 12}},
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

struct Rig : shade::Observer {
  const Variant& variant;
  const shade::Travel travel;  // what the firmware takes it for until it is calibrated
  uint64_t now_us = 1000000000;
  std::string state;
  vphoton::test::TestHousing housing;
  std::unique_ptr<vphoton::Photon> photon;

  Clock clock;
  fakes::Storage storage;
  fakes::Publisher publisher;
  fakes::Indicator indicator;
  fakes::Board board;
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
    options.wired_to = std::string(variant.name) + ":" + std::to_string(kTravelMs);
    photon = std::make_unique<vphoton::Photon>(options, std::nullopt, housing);
    wire_to(photon.get());
    REQUIRE(photon->boot() == "");
    power_on();
  }
  ~Rig() {
    wire_to(nullptr);
    photon.reset();
    std::filesystem::remove_all(state);
    vphoton::set_monotonic_source(nullptr);
  }

  void power_on() {
    remote = std::make_unique<RadioRemote>(D2, D3, storage);
    bus = std::make_unique<BusMotor>();
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
                                           name == "venetian" ? slats.get() : nullptr});
    controller->begin(*this);
  }

  void on_event(const char* kind, const char* data) override {
    bool lift = strcmp(kind, "moved") == 0;
    if (!lift && strcmp(kind, "tilted") != 0) return;
    vphoton::JsonValue event = *vphoton::JsonValue::parse(data);
    const char* part = lift ? "lift" : "tilt";
    rests.push_back({part, *event.string_at("cause"), static_cast<int>(*event.int_at("target")), real(part)});
  }

  // All outputs are gone at once, and what was in memory.
  void power_cut() {
    for (pin_t pin = 0; pin < TOTAL_PINS; ++pin) {
      pinMode(pin, INPUT);
      detachInterrupt(pin);
    }
    Serial1.end();
    power_on();
  }

  // As ShadeDevice's loop: switches on the millisecond what is due soon, and looks around some times a second.
  void run_for(int ms, std::mt19937& random) {
    loop_us = 0;  // loop() follows whatever happened
    for (int i = 0; i < ms; ++i) {
      now_us += 1000;
      photon->process();
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
    for (const auto& member : all.find("faults")->members) names.push_back(member.first);
    return names;
  }
  void set_fault(const std::string& name, bool on) {
    change("{\"fault\":\"" + name + "\",\"on\":" + (on ? "true}" : "false}"));
  }
  bool has_tilt() { return controller->has_tilt(); }
};

void check_safe(Rig& rig) {
  vphoton::JsonValue world = rig.world();
  REQUIRE(world.find("contradictions")->number == 0);
  for (const auto& part : world.find("parts")->members) {
    if (part.first == "radio") continue;
    double position = part.second.find("position")->number;
    REQUIRE(position >= 0);
    REQUIRE(position <= 100);
  }
  int fault = static_cast<int>(rig.controller->fault());
  if (fault == 0) return;
  CAPTURE(fault);
  REQUIRE(rig.variant.faults.count(fault) == 1);
}

std::string random_target(std::mt19937& random) {
  switch (random() % 6) {
    case 0:
      return "open";
    case 1:
      return "close";
    default:
      return std::to_string(random() % 101);
  }
}

// Random commands and power cuts, with faults coming and going if wanted.
void disturb(Rig& rig, std::mt19937& random, bool with_faults) {
  for (int step = 0; step < 12; ++step) {
    unsigned what = random() % 10;
    bool tilts = rig.has_tilt() && random() % 3 == 0;
    auto command = [&](const std::string& argument) {
      return tilts ? rig.controller->tilt(argument.c_str()) : rig.controller->move(argument.c_str());
    };
    if (what == 0) {
      rig.power_cut();
    } else if (what == 1 && with_faults) {
      auto names = rig.faults();
      rig.set_fault(names[random() % names.size()], random() % 2 == 0);
    } else if (what <= 3) {
      command("stop");
    } else {
      command(random_target(random));
    }
    rig.run_for(static_cast<int>(random() % 900), random);
    check_safe(rig);
  }
}

void recover(Rig& rig, std::mt19937& random) {
  for (const auto& name : rig.faults()) rig.set_fault(name, false);
  rig.run_until_rest(random);
  for (int tries = 0; tries < 3; ++tries) {
    REQUIRE(rig.controller->move("stop") != shade::kBadArgument);
    if (rig.has_tilt()) REQUIRE(rig.controller->tilt("stop") != shade::kBadArgument);
    rig.run_until_rest(random);
  }
  REQUIRE(static_cast<int>(rig.controller->fault()) == 0);
}

void check_positions(Rig& rig, std::mt19937& random) {
  double pushed = rig.variant.pushes_ms > 0 ? rig.real("lift", "pushed_ms") : 0;
  // What slipped or stood unseen in the middle of the way shows itself at the end, once.
  for (int tries = 0; tries < 2; ++tries) {
    rig.controller->move("stop");
    REQUIRE(rig.controller->move("close") == 0);
    if (rig.has_tilt()) {
      rig.controller->tilt("stop");
      REQUIRE(rig.controller->tilt("close") == 0);
    }
    rig.run_until_rest(random);
  }
  REQUIRE(static_cast<int>(rig.controller->fault()) == 0);
  rig.run_for(kTravelMs, random);  // a tube motor that lagged behind what nobody could see runs on to its limit
  CHECK(rig.controller->known());
  CHECK(rig.real("lift") <= 0.5);
  for (int legs = 1; legs <= 4; ++legs) {
    int target = static_cast<int>(random() % 99) + 1;
    REQUIRE(rig.controller->move(std::to_string(target).c_str()) == target);
    if (rig.has_tilt()) REQUIRE(rig.controller->tilt(std::to_string(100 - target).c_str()) == 100 - target);
    rig.run_until_rest(random);
    CAPTURE(target);
    CHECK(std::abs(rig.controller->position() - target) <= 1);
    double bound = rig.variant.off + rig.variant.off_per_leg * legs;
    CHECK(std::abs(rig.real("lift") - rig.controller->position()) <= bound);
    if (rig.has_tilt()) CHECK(std::abs(rig.real("tilt") - rig.controller->tilt_position()) <= bound);
  }
  if (rig.variant.pushes_ms > 0) CHECK(rig.real("lift", "pushed_ms") - pushed <= 2 * rig.variant.pushes_ms);
  check_safe(rig);
}

void try_variant(const Variant& variant, bool with_faults) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    INFO(std::string(variant.name));
    CAPTURE(seed);
    std::mt19937 random(seed * 7919 + with_faults);
    Rig rig(variant);
    for (int round = 0; round < 2; ++round) {
      disturb(rig, random, with_faults);
      recover(rig, random);
      check_positions(rig, random);
    }
    if (rig.variant.pushes_ms == 0) CHECK(rig.real("lift", "pushed_ms") == 0);
    if (std::string(variant.name) == "roller") CHECK(rig.real("radio", "refused") == 0);
  }
}

// What the variant has no sense for: of a roller nothing but its transmitter is seen, of the others what happens
// between their ends not always.
bool unseen(const Variant& variant, const std::string& fault, int target) {
  std::string name = variant.name;
  if (name == "roller") return fault == "deaf" || fault == "stall";
  if (target == 0 || target == 100) return false;
  if (name == "venetian") return fault == "lift_slip" || fault == "tilt_slip";
  return name == "honeycomb" && (fault == "stall" || fault == "ignores_stop");
}

void check_causes(const Variant& variant, bool calibrated, const shade::Travel& until_calibrated) {
  std::vector<std::string> faults = Rig(variant).faults();
  faults.push_back("");
  int arrived = 0;
  for (const std::string& fault : faults) {
    for (size_t from : {0, 1, 3}) {
      INFO(std::string(variant.name), std::string(calibrated ? " calibrated, " : " not calibrated, "), fault,
           " from move ", from);
      std::mt19937 random(static_cast<unsigned>(from) + 1);
      Rig rig(variant, until_calibrated);
      std::string own = std::to_string(variant.travel.first) + "," + std::to_string(variant.travel.second);
      if (calibrated) REQUIRE(rig.controller->calibrate(own.c_str()) == 0);
      int legs = 0;
      size_t moves = 0;
      for (int target : {77, 40, 100, 0, 99, 1}) {
        if (moves++ == from && !fault.empty()) rig.set_fault(fault, true);
        bool faulty = moves > from && !fault.empty();
        CAPTURE(target);
        rig.rests.clear();
        rig.controller->move(std::to_string(target).c_str());
        if (rig.has_tilt()) rig.controller->tilt(std::to_string(target).c_str());
        for (int i = 0; i < 1000 && rig.controller->moving(); ++i) rig.run_for(20, random);
        REQUIRE_FALSE(rig.controller->moving());
        for (const Rest& rest : rig.rests) {
          CAPTURE(rest.part);
          CAPTURE(rest.cause);
          CAPTURE(rest.real);
          legs = rest.target == 0 || rest.target == 100 ? 0 : legs + 1;
          if (rest.cause == "fault") CHECK(static_cast<int>(rig.controller->fault()) != 0);
          CHECK(rest.cause != "stopped");
          if (!faulty && calibrated) CHECK(rest.cause == "arrived");
          if (rest.cause != "arrived" || (faulty && unseen(variant, fault, rest.target))) continue;
          ++arrived;
          CHECK(rest.target == target);
          // A tube motor hears of its stop by radio, when its frame is over.
          CHECK(std::abs(rest.real - target) <= variant.off + variant.off_per_leg * legs + 2.5);
        }
        rig.controller->move("stop");
        if (rig.has_tilt()) rig.controller->tilt("stop");
        rig.run_for(50, random);
      }
    }
  }
  if (calibrated) CHECK(arrived > 0);
  // A motor that nothing is sensed of.
  if (!calibrated && std::string(variant.name) == "roller") CHECK(arrived == 0);
}

}  // namespace

TEST_CASE("the cause of a rest is true: arrived is said only there") {
  for (const Variant& variant : kVariants) {
    bool counts = variant.measure == shade::Measure::Counts;
    check_causes(variant, true, variant.travel);
    check_causes(variant, false, counts ? shade::Travel{3000, 600} : shade::Travel{3000, 3000});
    check_causes(variant, false, counts ? shade::Travel{600, 120} : shade::Travel{500, 500});
  }
}

TEST_CASE("roller: random commands, faults and power cuts") {
  try_variant(kVariants[0], false);
  try_variant(kVariants[0], true);
}

TEST_CASE("venetian: random commands, faults and power cuts") {
  try_variant(kVariants[1], false);
  try_variant(kVariants[1], true);
}

TEST_CASE("drapery: random commands, faults and power cuts") {
  try_variant(kVariants[2], false);
  try_variant(kVariants[2], true);
}

TEST_CASE("honeycomb: random commands, faults and power cuts") {
  try_variant(kVariants[3], false);
  try_variant(kVariants[3], true);
}
