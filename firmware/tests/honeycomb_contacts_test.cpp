// The honeycomb's limit switches, which bounce when they close and when they let go, on a clock that is turned by hand:
// when they count, and when they no longer do.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "Particle.h"
#include "base/json.h"
#include "base/monotonic.h"
#include "device/photon.h"
#include "honeycomb/src/contact_drive.h"
#include "test_housing.h"

namespace {

struct Contacts {
  uint64_t now_us = 1000000000;
  std::string state;
  vphoton::test::TestHousing housing;
  std::unique_ptr<vphoton::Photon> photon;
  ContactDrive drive{{D2, D3, D4, D5, D6}};
  std::optional<vphoton::JsonValue> world;
  bool permitted = true, loops = true;

  // Half open, so that neither switch is closed.
  Contacts() {
    vphoton::set_monotonic_source(&now_us);
    state = std::filesystem::temp_directory_path() / "contacts-test-XXXXXX";
    REQUIRE(mkdtemp(state.data()) != nullptr);
    vphoton::Options options;
    options.state = state;
    options.device_id = std::string(12, '\x5A');
    options.wired_to = "honeycomb:1000";
    photon = std::make_unique<vphoton::Photon>(options, std::nullopt, housing);
    wire_to(photon.get());
    REQUIRE(photon->boot() == "");
    change(R"({"position":50})");
    pinMode(A0, OUTPUT);
    REQUIRE(drive.begin());
    run_for(100);
  }
  ~Contacts() {
    wire_to(nullptr);
    photon.reset();
    std::filesystem::remove_all(state);
    vphoton::set_monotonic_source(nullptr);
  }

  void change(const char* json) { REQUIRE(photon->wiring()->change(*vphoton::JsonValue::parse(json)) == ""); }
  void short_switches(bool on) {
    change(on ? R"({"fault":"shorted_switches","on":true})" : R"({"fault":"shorted_switches","on":false})");
  }
  void tick() { drive.tick(millis()); }
  void run_for(int ms) {
    for (int i = 0; i < ms; ++i) {
      now_us += 1000;
      if (permitted && i % 100 == 0) digitalWrite(A0, !digitalRead(A0));
      photon->process();
      if (loops) tick();
    }
  }
  double lift(const char* what) { return part("lift")->find(what)->number; }
  bool programming() { return part("controller")->find("programming")->boolean; }
  const vphoton::JsonValue* part(const char* name) {
    world = vphoton::JsonValue::parse(photon->wiring()->json());
    return world->find("parts")->find(name);
  }
  // Contacts the pins close.
  std::string closed() {
    std::string all;
    for (auto contact : {std::pair<pin_t, char>{D2, 'u'}, {D3, 's'}, {D4, 'd'}})
      if (photon->pins().duty(contact.first)) all += contact.second;
    return all;
  }
  bool contradicts() { return drive.feedback().fault == shade::Fault::Contradiction; }
  bool runs() { return drive.run({shade::Direction::Close, 0, false}); }
};

}  // namespace

TEST_CASE("honeycomb: a switch counts once it has been still, and no longer when it stirs") {
  Contacts it;
  it.change(R"({"position":100})");
  int after = 0;
  for (; after < 100 && !it.drive.feedback().at_open; ++after) it.run_for(1);
  CHECK(after > static_cast<int>(ContactDrive::kDebounceMs));
  CHECK(after < 50);
  for (int ms = 0; ms < 100; ++ms) {
    it.run_for(1);
    REQUIRE(it.drive.feedback().at_open);
  }
  it.change(R"({"position":50})");
  for (int ms = 0; ms < 100; ++ms) {
    REQUIRE_FALSE(it.drive.feedback().at_open);
    it.run_for(1);
  }
}

TEST_CASE("honeycomb: shorted switches refuse to run as long as they are shorted, and not a millisecond longer") {
  for (int asked_after = 0; asked_after <= 60; ++asked_after) {
    CAPTURE(asked_after);
    Contacts it;
    it.short_switches(true);
    it.run_for(100);
    REQUIRE(it.contradicts());
    REQUIRE(it.drive.stop());
    it.tick();
    REQUIRE(it.contradicts());  // found again as long as it is so
    REQUIRE_FALSE(it.runs());
    it.short_switches(false);
    it.run_for(asked_after);
    REQUIRE(it.drive.stop());
    for (int ms = 0; ms < 60; ++ms) {
      it.tick();
      REQUIRE_FALSE(it.contradicts());
      if (ms == asked_after) REQUIRE(it.runs());
      it.run_for(1);
    }
  }
}

TEST_CASE("honeycomb: no contact is closed from the start, whatever the pins were") {
  Contacts it;
  for (pin_t pin : {D2, D3, D4}) {
    pinMode(pin, OUTPUT);
    digitalWrite(pin, HIGH);
  }
  REQUIRE(it.drive.begin());
  CHECK(it.closed() == "");
}

TEST_CASE("honeycomb: a press is long enough for the controller, and not so long that it means something else") {
  Contacts it;
  for (auto direction : {shade::Direction::Close, shade::Direction::Open}) {
    REQUIRE(it.drive.run({direction, 0, true}));
    CHECK(it.closed() == (direction == shade::Direction::Open ? "u" : "d"));
    CHECK(it.drive.powered());
    it.run_for(100);
    CHECK((it.lift("speed") > 0) == (direction == shade::Direction::Open));
    CHECK(it.lift("speed") != 0);
    it.run_for(150);
    REQUIRE(it.drive.stop());
    CHECK(it.closed() == "s");
    CHECK(it.drive.feedback().coasting);
    it.run_for(400);
    CHECK(it.lift("speed") == 0);
    CHECK(it.closed() == "");
    CHECK_FALSE(it.drive.feedback().coasting);
    CHECK_FALSE(it.programming());
  }
}

TEST_CASE("honeycomb: never are two contacts closed, however soon a stop follows") {
  for (int after : {0, 20, 100, 249, 250, 300}) {
    CAPTURE(after);
    Contacts it;
    REQUIRE(it.drive.run({shade::Direction::Open, 10000, true}));
    it.run_for(after);
    REQUIRE(it.drive.stop());
    CHECK(it.closed() == "s");
    it.run_for(20);
    REQUIRE(it.drive.run({shade::Direction::Close, 0, true}));
    CHECK(it.closed() == "d");
    it.run_for(400);
    it.part("lift");
    CHECK(it.world->find("contradictions")->number == 0);
  }
}

TEST_CASE("honeycomb: a cut presses STOP by itself, in the middle of a press or of a run, and lets go of it") {
  for (int after : {0, 30, 100, 400}) {
    CAPTURE(after);
    Contacts it;
    REQUIRE(it.drive.run({shade::Direction::Close, 0, true}));
    it.run_for(after);
    it.loops = false;
    it.drive.cut();
    CHECK(it.closed() == "s");
    // The watchdog's rounds, with a second look as long as something is held.
    it.run_for(100);
    it.drive.cut();
    it.drive.tick(millis());
    CHECK(it.closed() == "s");
    for (int tenth = 0; tenth < 5; ++tenth) {
      it.run_for(100);
      if (it.drive.powered()) it.drive.cut();
      it.drive.tick(millis());
    }
    CHECK(it.lift("speed") == 0);
    CHECK(it.closed() == "");
  }
}

TEST_CASE("honeycomb: a STOP that was held for its time is opened by a cut") {
  Contacts it;
  REQUIRE(it.drive.stop());
  it.loops = false;
  it.run_for(1100);
  CHECK(it.closed() == "s");
  CHECK(it.drive.powered());
  it.drive.cut();
  CHECK(it.closed() == "");
  CHECK_FALSE(it.drive.powered());
}

TEST_CASE("honeycomb: without the permit line every contact opens, though a pin holds it") {
  Contacts it;
  REQUIRE(it.drive.stop());
  it.loops = it.permitted = false;
  it.run_for(5000);
  CHECK(it.closed() == "s");
  CHECK_FALSE(it.programming());
}

TEST_CASE("honeycomb: what is due next: letting go after a quarter of a second, or a switch that must be still") {
  Contacts it;
  CHECK(it.drive.due_in(millis()) == shade::Driver::kNothingDue);
  REQUIRE(it.drive.run({shade::Direction::Close, 0, true}));
  it.loops = false;
  for (uint32_t held : {0u, 100u, 249u}) {
    while (it.drive.due_in(millis()) > 250 - held) it.run_for(1);
    CHECK(it.drive.due_in(millis()) == 250 - held);
    CHECK(it.closed() == "d");
  }
  it.run_for(1);
  CHECK(it.drive.due_in(millis()) == 0);
  it.run_for(1);
  CHECK(it.drive.due_in(millis()) == 0);
  it.tick();
  CHECK(it.closed() == "");
  CHECK(it.drive.due_in(millis()) == shade::Driver::kNothingDue);
  for (pin_t end : {D5, D6}) {
    Contacts other;
    other.loops = false;
    other.photon->pins().drive(end, false);
    for (uint32_t left : {20u, 19u, 7u, 1u, 0u}) {
      while (other.drive.due_in(millis()) > left) other.run_for(1);
      CHECK(other.drive.due_in(millis()) == left);
    }
    other.run_for(30);
    CHECK(other.drive.due_in(millis()) == 0);
    other.tick();
    CHECK(other.drive.due_in(millis()) == shade::Driver::kNothingDue);
    // A press goes on for longer than a switch that stirs.
    REQUIRE(other.drive.stop());
    other.photon->pins().drive(end, true);
    CHECK(other.drive.due_in(millis()) == 20);
  }
}

TEST_CASE("honeycomb: after a cut the next command closes its contact again") {
  Contacts it;
  for (bool stops : {false, true}) {
    REQUIRE(it.drive.run({shade::Direction::Close, 0, true}));
    it.run_for(30);
    it.drive.cut();
    it.run_for(400);
    REQUIRE(it.closed() == "");
    REQUIRE((stops ? it.drive.stop() : it.drive.run({shade::Direction::Open, 10000, true})));
    CHECK(it.closed() == (stops ? "s" : "u"));
    it.run_for(300);
  }
  // STOP that is held already is not prolonged by a cut, and is held for its whole time.
  REQUIRE(it.drive.stop());
  it.run_for(249);
  it.drive.cut();
  CHECK(it.closed() == "s");
  it.loops = false;
  it.run_for(1);
  it.drive.cut();
  CHECK(it.closed() == "");
}

TEST_CASE("honeycomb: an end that was driven to is certain, one whose switch closed by itself is not") {
  Contacts it;
  REQUIRE(it.drive.run({shade::Direction::Close, 0, true}));
  it.run_for(1500);  // the way takes a second
  CHECK(it.drive.feedback().at_closed);
  CHECK_FALSE(it.drive.feedback().at_open);
  CHECK_FALSE(it.drive.feedback().doubtful);
  CHECK(it.drive.at_end());
  REQUIRE(it.drive.run({shade::Direction::Open, 10000, true}));
  CHECK(it.drive.feedback().doubtful);  // it has not left the end yet
  it.run_for(700);
  CHECK_FALSE(it.drive.feedback().doubtful);
  it.run_for(900);
  CHECK(it.drive.feedback().at_open);
  CHECK_FALSE(it.drive.feedback().doubtful);
  CHECK(it.drive.feedback().fault == shade::Fault::None);
  CHECK(it.drive.at_end());
  // By hand, at rest and after a stop.
  for (const char* end : {R"({"position":0})", R"({"position":100})"}) {
    it.change(R"({"position":50})");
    it.run_for(100);
    it.change(end);
    it.run_for(100);
    CHECK((it.drive.feedback().at_open || it.drive.feedback().at_closed));
    CHECK(it.drive.feedback().doubtful);
  }
  it.change(R"({"position":50})");
  it.run_for(100);
  REQUIRE(it.drive.run({shade::Direction::Open, 10000, true}));
  it.run_for(100);
  REQUIRE(it.drive.stop());
  it.run_for(100);
  it.change(R"({"position":100})");
  it.run_for(100);
  CHECK(it.drive.feedback().doubtful);
}

TEST_CASE("honeycomb: a switch that stays closed behind a shade that left is a fault after a second and a half") {
  Contacts it;
  REQUIRE(it.drive.run({shade::Direction::Close, 0, true}));
  it.run_for(1500);
  REQUIRE(it.drive.at_end());
  it.change(R"({"fault":"stall","on":true})");
  REQUIRE(it.drive.run({shade::Direction::Open, 10000, true}));
  it.run_for(1499);
  CHECK(it.drive.feedback().fault == shade::Fault::None);
  it.run_for(2);
  CHECK(it.drive.feedback().fault == shade::Fault::EndHeld);
  it.drive.stop();
  CHECK(it.drive.feedback().fault == shade::Fault::None);
  CHECK(it.drive.feedback().at_closed);
  CHECK(it.drive.feedback().doubtful);
}

TEST_CASE("honeycomb: a press lasts 250 ms to the millisecond, by the loop and by a cut") {
  Contacts it;
  const shade::Leg opening = {shade::Direction::Open, 10000, true};
  REQUIRE(it.drive.run(opening));
  it.run_for(249);
  CHECK(it.closed() == "u");
  it.run_for(1);
  CHECK(it.closed() == "");
  REQUIRE(it.drive.stop());
  it.loops = false;
  it.run_for(249);
  it.drive.cut();
  CHECK(it.closed() == "s");
  it.run_for(1);
  it.drive.cut();
  CHECK(it.closed() == "");
}

TEST_CASE("honeycomb: a switch counts when it has been still for 20 ms, not one sooner and not one later") {
  for (pin_t pin : {D5, D6}) {
    Contacts it;
    auto closed = [&] { return pin == D5 ? it.drive.feedback().at_open : it.drive.feedback().at_closed; };
    it.photon->pins().drive(pin, false);
    it.run_for(15);
    it.photon->pins().drive(pin, true);  // it bounces
    it.photon->pins().drive(pin, false);
    it.run_for(19);
    CHECK_FALSE(closed());
    it.run_for(1);
    CHECK(closed());
    it.photon->pins().drive(pin, true);
    CHECK_FALSE(closed());
  }
}
