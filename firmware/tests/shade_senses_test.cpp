// What changes when a driver measures, senses its ends, or finds something wrong.
#include <doctest/doctest.h>

#include <string>

#include "shade/crc32.h"
#include "shade/setup_page.h"
#include "shade_fakes.h"

using fakes::Rig;
using shade::Fault;
using shade::SetupPage;

namespace {

int fault(const Rig& rig) { return static_cast<int>(rig.controller.fault()); }

std::string last(const Rig& rig) { return rig.observer.events.back(); }

}  // namespace

TEST_CASE("a measured position is taken as it is, moving and at rest") {
  Rig rig;
  rig.driver.seen.measured = 1200;
  rig.start();
  CHECK(rig.controller.calibrate("20000,20000") == 0);
  CHECK(rig.controller.position() == 12);
  CHECK(rig.controller.move("60") == 60);
  CHECK(rig.driver.last.aim == 6000);
  // A twentieth of the way in three seconds: slow, and long after its time by the calibration.
  for (int place = 1200; place < 3300; place += 35) {
    rig.driver.seen.measured = place;
    rig.run_for(1000);
  }
  rig.driver.seen.measured = 3300;
  CHECK(rig.controller.position() == 33);
  CHECK(rig.controller.moving());  // time alone ends no measured leg
  rig.driver.seen.measured = 6000;
  rig.driver.seen.arrived = true;
  rig.run_for(5);
  CHECK_FALSE(rig.controller.moving());
  CHECK(last(rig) == R"(moved {"position":60,"target":60,"cause":"arrived"})");
  rig.driver.seen.measured = 6110;
  CHECK(rig.controller.position() == 61);
}

TEST_CASE("a new aim ahead is told to the driver, which goes on") {
  Rig rig;
  rig.driver.seen.measured = 0;
  rig.start();
  rig.controller.move("40");
  rig.run_for(100);
  rig.controller.move("70");
  CHECK(rig.driver.last.aim == 7000);
  CHECK(rig.driver.log() == "o");
}

TEST_CASE("an end that is sensed is met early, and an end that is not met in time is a fault") {
  Rig rig;
  rig.driver.senses = true;
  rig.start();
  rig.controller.move("open");
  rig.run_for(3000);
  rig.driver.seen.at_open = true;
  rig.run_for(5);
  CHECK(rig.controller.position() == 100);
  CHECK(rig.driver.log() == "oe");
  rig.controller.move("close");
  rig.driver.seen.at_open = false;
  rig.run_for(500 + 8000 + 800);
  CHECK(fault(rig) == 11);
  CHECK_FALSE(rig.controller.known());
  CHECK(rig.driver.log() == "oecs");
  CHECK(rig.controller.move("open") == shade::kFaulted);
  CHECK(rig.controller.move("stop") >= 0);
  CHECK(fault(rig) == 0);
}

TEST_CASE("an end met on the way to a place between makes certain where the shade is, and the way back is made") {
  Rig rig;
  rig.driver.senses = true;
  rig.start();
  rig.controller.move("90");
  rig.run_for(4000);
  rig.driver.seen.at_open = true;
  rig.run_for(5);
  rig.driver.seen.at_open = false;
  rig.run_for(500 + 800);
  CHECK_FALSE(rig.controller.moving());
  CHECK(rig.controller.position() == 90);
  CHECK(rig.driver.log() == "oecs");
}

TEST_CASE("a shade that somebody moved to an end is known to be there") {
  Rig rig;
  rig.start();
  rig.controller.move("50");
  rig.run_until_rest();
  rig.driver.seen.at_open = true;
  rig.run_for(5);
  CHECK(rig.controller.position() == 100);
}

TEST_CASE("what a driver finds wrong stops it and is told with its own code") {
  for (Fault found : {Fault::Stalled, Fault::Slipped, Fault::Encoder, Fault::NoAnswer, Fault::Contradiction}) {
    Rig rig;
    rig.start();
    rig.controller.move("open");
    rig.run_for(1000);
    rig.driver.seen.fault = found;
    rig.run_for(5);
    CHECK(rig.controller.fault() == found);
    CHECK(rig.driver.log() == "os");
    CHECK(last(rig).find(R"("cause":"fault")") != std::string::npos);
    CHECK(rig.observer.events[1].find(shade::fault_text(found)) != std::string::npos);
    rig.driver.seen.fault = Fault::None;
    CHECK(rig.controller.move("stop") >= 0);
    CHECK(rig.controller.fault() == Fault::None);
  }
}

TEST_CASE("a loop that stands still has its motor stopped by the watchdog, also when the clock wraps") {
  for (uint32_t start : {1000u, 0xFFFFFFFFu - 1500u}) {
    Rig rig;
    rig.clock.now = start;
    rig.start();
    rig.controller.move("open");
    rig.run_for(500);
    rig.clock.now += shade::Controller::kLongestLoopMs - 1;
    int ticks = rig.driver.ticks;
    rig.controller.watch();
    CHECK(rig.driver.log() == "o");
    CHECK(rig.driver.ticks == ticks);
    rig.clock.now += 1;
    rig.controller.watch();
    rig.controller.watch();
    CHECK(rig.driver.log() == "os");
    CHECK(rig.driver.ticks == ticks + 2);  // a stop that takes rounds, as a radio frame, has them
    rig.controller.tick();
    CHECK(fault(rig) == 14);
    CHECK_FALSE(rig.controller.moving());
  }
}

TEST_CASE("the watchdog leaves a shade at rest alone") {
  Rig rig;
  rig.start();
  rig.clock.now += 100000;
  rig.controller.watch();
  CHECK(rig.driver.acts.empty());
}

TEST_CASE("a record of the first format is read, one in another measure is refused") {
  Rig first;
  first.start();
  REQUIRE(first.controller.calibrate("4000,2000") == 0);
  uint8_t* slot = first.storage.bytes;
  slot[2] = 1;
  uint32_t crc = shade::crc32(slot, 28);
  for (int i = 0; i < 4; ++i) slot[28 + i] = static_cast<uint8_t>(crc >> (8 * i));
  Rig again(first.storage);
  again.start();
  CHECK(again.controller.calibrated());
  CHECK(again.controller.travel().first == 4000);

  slot[2] = 2;
  slot[20] = static_cast<uint8_t>(shade::Measure::Counts);
  crc = shade::crc32(slot, 28);
  for (int i = 0; i < 4; ++i) slot[28 + i] = static_cast<uint8_t>(crc >> (8 * i));
  Rig foreign(first.storage);
  foreign.start();
  CHECK(fault(foreign) == 3);
  CHECK_FALSE(foreign.controller.calibrated());
  CHECK_FALSE(foreign.controller.known());
  CHECK(foreign.controller.travel().first == 10000);
}

TEST_CASE("the place's name survives, and one that does not fit changes nothing") {
  Rig rig;
  rig.start();
  CHECK(rig.controller.name_site("Küche"));
  CHECK_FALSE(rig.controller.name_site(std::string(32, 'x').c_str()));
  CHECK_FALSE(rig.controller.name_site("two\nlines"));
  rig.storage.refuses = true;
  CHECK_FALSE(rig.controller.name_site("Bath"));
  rig.storage.refuses = false;
  CHECK(std::string(rig.controller.site()) == "Küche");
  Rig again(rig.storage);
  again.start();
  CHECK(std::string(again.controller.site()) == "Küche");
}

TEST_CASE("the installer's page takes a form, refuses a broken one and escapes what it shows") {
  Rig rig;
  rig.start();
  CHECK(SetupPage::is_its("/index"));
  CHECK(SetupPage::is_its("/index?x=1"));
  CHECK_FALSE(SetupPage::is_its("/indexes"));
  CHECK(SetupPage::take("", rig.controller) == SetupPage::Outcome::Asked);
  for (const char* bad : {"name=x", "site=%4", "site=%zz", "site=%00", "site=a%0Ab"})
    CHECK(SetupPage::take(bad, rig.controller) == SetupPage::Outcome::Refused);
  CHECK(SetupPage::take(("site=" + std::string(32, 'x')).c_str(), rig.controller) == SetupPage::Outcome::Refused);
  CHECK(SetupPage::take("site=%3Cb%3E+%26&more=1", rig.controller) == SetupPage::Outcome::Stored);
  CHECK(std::string(rig.controller.site()) == "<b> &");
  rig.board.owned = true;
  char html[SetupPage::kMaxPage];
  SetupPage::render(rig.controller, rig.board, SetupPage::Outcome::Stored, html, sizeof html);
  std::string page = html;
  CHECK(page.find("<b>") == std::string::npos);
  CHECK(page.find("&#60;b&#62; &#38;") != std::string::npos);
  CHECK(page.find("<th>Claimed<td>yes") != std::string::npos);
  CHECK(page.substr(page.size() - 7) == "</html>");
  // The longest name there can be still leaves a whole page.
  REQUIRE(rig.controller.name_site(std::string(31, '"').c_str()));
  SetupPage::render(rig.controller, rig.board, SetupPage::Outcome::Refused, html, sizeof html);
  page = html;
  CHECK(page.substr(page.size() - 7) == "</html>");
}

TEST_CASE("a halt before a reset or an update is told with its cause") {
  Rig rig;
  rig.start();
  rig.controller.move("open");
  rig.run_for(1000);
  rig.controller.halt("update");
  CHECK(last(rig) == R"(moved {"position":10,"target":10,"cause":"update"})");
  size_t events = rig.observer.events.size();
  rig.controller.halt("reset");
  CHECK(rig.observer.events.size() == events);
}
