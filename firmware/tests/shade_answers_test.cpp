// What console, page and cloud functions answer, word for word as shade/README.md and docs/surface.md have it.
#include <doctest/doctest.h>

#include <string>

#include "safety_rig.h"
#include "shade/setup_page.h"

using namespace safety;
using shade::SetupPage;

namespace {

struct Desk : Rig {
  fakes::Port port;
  shade::Console console{port, controller, board};

  explicit Desk(const shade::Identity& identity = fakes::kIdentity) : Rig(identity) {
    controller.begin(console);
    port.out.clear();
  }
  std::string ask(const std::string& text) {
    size_t before = port.out.size();
    port.type(text + "\n");
    console.poll();
    REQUIRE(port.out.size() > before);
    return port.out.back();
  }
  std::string page(SetupPage::Outcome outcome = SetupPage::Outcome::Asked) {
    char html[SetupPage::kMaxPage];
    SetupPage::render(controller, board, outcome, html, sizeof html);
    return html;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("answers: status is complete, in the variant's measure") {
  Desk timed;
  CHECK(timed.ask("status") ==
        R"({"position":0,"moving":false,"target":0,"open_ms":10000,"close_ms":8000,"fault_text":"none","site":"",)"
        R"("fault":0,"known":true,"calibrated":false,"claimed":false,"moves":0,"uptime":0,"reset":140,"free":40000,)"
        R"("dropped":0,"rssi":0,"run":0,"time":false,"board":"sample"})");
  timed.board.owned = true;
  timed.clock.utc_at_zero = 1774224000;
  timed.motor.seen.measured = 0;
  timed.ask("move 40");
  timed.run_for(3000);
  timed.motor.seen.measured = 1000;
  std::string status = timed.ask("status");
  CHECK(has(status, R"({"position":10,"moving":true,"target":40,)"));
  CHECK(has(status, R"("claimed":true,"moves":1,"uptime":3,)"));
  CHECK(has(status, R"("run":3,"time":true,)"));
  Desk counted(kMeasured);
  CHECK(has(counted.ask("status"), R"("lift_counts":1000,"tilt_counts":200,)"));
}

TEST_CASE("answers: an experimental build says so") {
  shade::Identity identity = fakes::kIdentity;
  identity.experimental = true;
  Desk desk(identity);
  CHECK(has(desk.ask("info"), R"("fw":"sample 7 experimental",)"));
}

TEST_CASE("answers: help lists every command with its usage, as one JSON array") {
  Desk desk;
  CHECK(desk.ask("help") ==
        R"({"commands":["ping TOKEN","info","status","move open|close|stop|0...100",)"
        R"("calibrate A,B|learn|mark|cancel|reset",)"
        R"("tilt open|close|stop|0...100","identify SECONDS",)"
        R"("schedule N DAYS TIME TARGET|N off|zone TZ|place LAT LON|clear","groups NAME,NAME|none","owner NAME|none",)"
        R"("household","board VARIANT","reset","help"]})");
}

TEST_CASE("answers: the household and what changes it") {
  Desk desk;
  CHECK(desk.ask("household") == R"({"owner":"","release":false,"site":"","groups":"","schedule":"zone STD0"})");
  uint32_t changes = desk.controller.household_changes();
  CHECK(desk.ask("owner alice") == R"({"owner":"alice","result":0})");
  CHECK(desk.ask("groups south,ground") == R"({"groups":"south,ground","result":0})");
  CHECK(desk.ask("schedule 1 12345 07:30 40") == R"({"schedule":"1 12345 07:30 40","result":0})");
  REQUIRE(desk.controller.name_site("Hall"));
  CHECK(desk.controller.household_changes() == changes + 4);
  desk.controller.ask_release();
  CHECK(desk.ask("household") == R"({"owner":"alice","release":true,"site":"Hall","groups":"south,ground",)"
                                 R"("schedule":"1 12345 07:30 40;zone STD0"})");
  CHECK(desk.ask("groups none") == R"({"groups":"none","result":0})");
  CHECK(has(desk.ask("household"), R"("groups":"",)"));
  CHECK(desk.ask("owner two words") == R"({"owner":"two words","result":-1})");
  CHECK(desk.ask("household now") == R"({"error":"usage","usage":"household"})");
}

TEST_CASE("answers: tilt and board") {
  Desk desk;
  CHECK(desk.ask("tilt 40") == R"({"error":"nothing tilts","line":"40","hint":"help"})");
  CHECK(desk.ask("board other") == R"({"board":"other","result":-1})");
  CHECK(desk.ask("board sample") == R"({"board":"sample","result":0})");
  desk.ask("move open");
  CHECK(desk.ask("board sample") == R"({"board":"sample","result":-2})");
  desk.ask("move stop");
  desk.storage.refuses = true;
  CHECK(desk.ask("board sample") == R"({"board":"sample","result":-4})");
}

TEST_CASE("answers: spaces before an argument are none of it") {
  Desk desk;
  CHECK(desk.ask("ping   a b") == R"({"pong":"a b"})");
  CHECK(desk.ask("ping  ") == R"({"error":"usage","usage":"ping TOKEN"})");
}

TEST_CASE("answers: a line of 96 characters is one, of 97 none") {
  Desk desk;
  CHECK(desk.ask("ping " + std::string(91, 'x')) == R"({"pong":")" + std::string(91, 'x') + "\"}");
  CHECK(desk.ask("ping " + std::string(92, 'x')) == R"({"error":"line too long","limit":96})");
}

TEST_CASE("answers: the page shows device, firmware, owner, position and state") {
  Desk desk;
  std::string page = desk.page();
  CHECK(has(page, "<title>sample</title>"));
  CHECK(has(page, "<h1>sample</h1>"));
  CHECK(has(page, "<tr><th>Device<td>0123456789abcdef01234567</tr><tr><th>Firmware<td>sample 7</tr>"));
  CHECK(has(page, "<tr><th>Claimed<td>no</tr>"));
  CHECK_FALSE(has(page, "<th>Owner"));
  CHECK(has(page, "<tr><th>Position<td>0 %</tr><tr><th>State<td>ready</tr></table>"));
  for (const char* key : {"value=open>Up<", "value=stop>Stop<", "value=close>Down<"}) CHECK(has(page, key));
  CHECK(has(page, "<p role=status></html>"));
  CHECK(has(desk.page(SetupPage::Outcome::Stored), "role=status>Stored.<"));
  CHECK(has(desk.page(SetupPage::Outcome::Refused), "role=status>Not stored: at most 31 bytes, without line breaks.<"));
  CHECK(has(desk.page(SetupPage::Outcome::Unmoved), "role=status>It does not move now.<"));
  CHECK(has(desk.page(SetupPage::Outcome::Moved), "role=status></html>"));
  desk.ask("owner alice");
  desk.controller.ask_release();
  REQUIRE(desk.controller.name_site("Hall"));
  page = desk.page();
  CHECK(has(page, "<title>Hall</title>"));
  CHECK(has(page, "<tr><th>Owner<td>alice</tr><tr><th>Owner<td>gives it up</tr>"));
  CHECK(has(page, "maxlength=31 value=\"Hall\">"));
  desk.motor.runs = false;
  desk.ask("move 40");
  page = desk.page();
  CHECK(has(page, "<tr><th>Position<td>not known</tr><tr><th>State<td>driver</tr>"));
  // Cut short it is still a text that ends.
  char small[40];
  SetupPage::render(desk.controller, desk.board, SetupPage::Outcome::Asked, small, sizeof small);
  CHECK(std::string(small).size() == 39);
  CHECK(std::string(small) == page.substr(0, 39));
}

TEST_CASE("answers: the page's keys move, and its form is decoded as browsers encode it") {
  Desk desk;
  CHECK(SetupPage::take("move=open", desk.controller) == SetupPage::Outcome::Moved);
  CHECK(desk.controller.target() == 100);
  CHECK(SetupPage::take("move=stop", desk.controller) == SetupPage::Outcome::Moved);
  CHECK_FALSE(desk.controller.moving());
  CHECK(SetupPage::take("move=sideways", desk.controller) == SetupPage::Outcome::Unmoved);
  CHECK(SetupPage::take("site=%41%6a%4A%c3%BC%2F%3F%3f%5b%5B+%30%39", desk.controller) == SetupPage::Outcome::Stored);
  CHECK(std::string(desk.controller.site()) == "AjJ\u00FC/??[[ 09");
  for (const char* bad : {"site=%4G", "site=%4g", "site=%@1", "site=%`1", "site=%:1", "site=%/1", "site=%", "site=%4"})
    CHECK(SetupPage::take(bad, desk.controller) == SetupPage::Outcome::Refused);
  CHECK(SetupPage::take(("site=" + std::string(31, 'x')).c_str(), desk.controller) == SetupPage::Outcome::Stored);
  CHECK(std::string(desk.controller.site()) == std::string(31, 'x'));
  // What a browser sends at most for 31 bytes, and what room there is for it.
  std::string longest = "site=";
  for (int i = 0; i < 31; ++i) longest += "%C3";
  CHECK(longest.size() == SetupPage::kMaxForm);
  CHECK(SetupPage::take(longest.c_str(), desk.controller) == SetupPage::Outcome::Stored);
  CHECK(std::string(desk.controller.site()) == std::string(31, '\xC3'));
  CHECK(SetupPage::take("site=a&b=c", desk.controller) == SetupPage::Outcome::Stored);
  CHECK(std::string(desk.controller.site()) == "a");
  desk.storage.refuses = true;
  CHECK(SetupPage::take("site=b", desk.controller) == SetupPage::Outcome::Refused);
  for (const char* other : {"/indey", "/index2", "/", "", "/inde", "/index/"}) CHECK_FALSE(SetupPage::is_its(other));
}
