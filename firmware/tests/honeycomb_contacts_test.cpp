// The honeycomb's limit switches, which bounce when they close and when they let go, on a clock that is turned by hand:
// when they count, and when they no longer do.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "Particle.h"
#include "core/json.h"
#include "core/monotonic.h"
#include "core/photon.h"
#include "honeycomb/src/contact_drive.h"
#include "test_housing.h"

namespace {

struct Contacts {
  uint64_t now_us = 1000000000;
  std::string state;
  vphoton::test::TestHousing housing;
  std::unique_ptr<vphoton::Photon> photon;
  ContactDrive drive{{D2, D3, D4, D5, D6}};

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
      photon->process();
      tick();
    }
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
