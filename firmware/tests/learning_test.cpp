// Guided learning of a venetian's ends on the model of its motors. What there is to be learnt are the model's edges.
#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>

#include "shade/console.h"
#include "shade/setup_page.h"
#include "variant_rig.h"
#include "worlds/encoder_motor.h"

using namespace variant_rig;
using vphoton::VenetianMotors;

namespace {

struct Blind : Rig {
  std::mt19937 random{1};
  std::vector<std::string> told;

  explicit Blind(const shade::Travel& taken_for = {3000, 600}) : Rig(kVariants[1], taken_for) {}
  void on_event(const char* kind, const char* data) override {
    Rig::on_event(kind, data);
    if (std::string(kind) == "learn") told.push_back(data);
  }
  int say(const char* what) { return controller->calibrate(what); }
  const char* step() { return controller->learning().step_name(); }
  void until(const std::string& wanted) {
    for (int i = 0; i < 2000 && step() != wanted; ++i) run_for(10, random);
    REQUIRE(step() == wanted);
  }
  std::string last() const { return told.empty() ? "" : told.back(); }
  bool gave_up() const { return last().find(R"("step":"given_up")") != std::string::npos; }
  // The encoder is dumb for so many edges of the lift's way.
  void lose(int edges) {
    const double from = real("lift");
    set_fault("lift_dead_encoder", true);
    while (std::abs(real("lift") - from) * VenetianMotors::kLiftCounts / 100 < edges) run_for(1, random);
    set_fault("lift_dead_encoder", false);
  }
  // Up to where the mark of the `marks`-th end is waited for.
  void learn_up_to(int marks) {
    REQUIRE(say("learn") == 0);
    for (int i = 0; i < marks; ++i) {
      until(i % 2 ? "closed" : "open");
      REQUIRE(say("mark") == 0);
    }
  }
};

bool near(double counts, int edges) { return std::abs(counts - edges) <= 0.01 * edges + 1; }

}  // namespace

TEST_CASE("learning: both ways are counted, checked and kept, whatever they were taken for") {
  for (const shade::Travel& taken_for : {shade::Travel{3000, 600}, shade::Travel{300, 100}}) {
    Blind it(taken_for);
    it.change(R"({"position":40})");
    REQUIRE(it.say("learn") == 0);
    CHECK(it.last() == R"({"part":"lift","step":"opening","counts":0})");
    it.until("open");
    CHECK(it.last() == R"({"part":"lift","step":"open","counts":0})");
    CHECK(it.real("lift") == doctest::Approx(100));
    CHECK_FALSE(it.controller->calibrated());
    REQUIRE(it.say("mark") == 0);
    it.run_for(500, it.random);
    const uint32_t on_the_way = it.controller->learning().counts();
    CHECK(on_the_way > 100);
    it.until("closed");
    CHECK(it.real("lift") == doctest::Approx(0));
    CHECK(it.controller->learning().counts() > on_the_way);
    CHECK(near(it.controller->learning().counts(), VenetianMotors::kLiftCounts));
    const std::string counted = std::to_string(it.controller->learning().counts());
    CHECK(it.last() == R"({"part":"lift","step":"closed","counts":)" + counted + "}");
    REQUIRE(it.say("mark") == 0);
    CHECK(std::string(it.step()) == "checking");
    it.until("opening");
    it.until("open");
    CHECK(it.real("tilt") == doctest::Approx(100));
    REQUIRE(it.say("mark") == 0);
    it.until("closed");
    REQUIRE(it.say("mark") == 0);
    CHECK_FALSE(it.controller->calibrated());
    it.until("off");
    CHECK(it.last().find(R"({"part":"tilt","step":"stored","counts":2)") == 0);
    for (int start = 0; start < 2; ++start) {
      CHECK(it.controller->calibrated());
      CHECK(near(it.controller->travel().first, VenetianMotors::kLiftCounts));
      CHECK(near(it.controller->travel().second, VenetianMotors::kTiltCounts));
      CHECK(it.controller->known());
      it.rests.clear();
      const int target = 30 + 20 * start;
      CHECK(it.controller->move(std::to_string(target).c_str()) == target);
      CHECK(it.controller->tilt(std::to_string(100 - target).c_str()) == 100 - target);
      it.run_until_rest(it.random);
      REQUIRE(it.rests.size() == 2);
      for (const Rest& rest : it.rests) CHECK(rest.cause == "arrived");
      CHECK(std::abs(it.real("lift") - target) <= 1);
      CHECK(std::abs(it.real("tilt") - (100 - target)) <= 1.5);
      it.power_cut();
    }
  }
}

TEST_CASE("learning: whatever comes in between gives it up, and the calibration before stays") {
  for (int marks = 0; marks <= 3; ++marks) {
    for (int surprise = 0; surprise < 7; ++surprise) {
      CAPTURE(marks);
      CAPTURE(surprise);
      Blind it;
      REQUIRE(it.say("1200,240") == 0);
      it.learn_up_to(marks);
      it.run_for(200, it.random);
      if (surprise == 0) CHECK(it.say("cancel") == 0);
      if (surprise == 1) it.controller->move("stop");
      if (surprise == 2) it.controller->tilt("stop");
      if (surprise == 3) it.controller->begin_update();
      if (surprise == 4) it.power_cut(500);
      if (surprise == 5) it.set_fault("lift_lost_pulses", true), it.set_fault("tilt_lost_pulses", true);
      if (surprise == 6) it.set_fault("lift_crossed", true), it.set_fault("tilt_crossed", true);
      bool is_fault = surprise >= 5;
      for (int i = 0; i < 500 && is_fault && !it.gave_up(); ++i) {
        it.run_for(20, it.random);
        if (std::string(it.step()) == "closed") it.say("mark");
      }
      it.run_for(300, it.random);
      if (surprise != 4) CHECK(it.gave_up());
      CHECK(std::string(it.step()) == "off");
      CHECK_FALSE(it.controller->active());
      CHECK(it.say("mark") == (surprise == 3 ? shade::kUpdating : shade::kBadArgument));
      CHECK(it.controller->calibrated());
      CHECK(it.controller->travel().first == 1200);
      CHECK(it.controller->travel().second == 240);
      it.power_cut();
      CHECK(it.controller->calibrated());
      CHECK(it.controller->travel().first == 1200);
      // A position that is said to be known is the real one.
      if (it.controller->known() && !is_fault) {
        CHECK(std::abs(it.real("lift") - it.controller->position()) <= 1);
        CHECK(std::abs(it.real("tilt") - it.controller->tilt_position()) <= 1.5);
      }
    }
  }
}

TEST_CASE("learning: the way back may differ by little, longer or shorter, and by no more") {
  for (int edges : {10, 40}) {
    for (bool back : {false, true}) {
      CAPTURE(edges);
      CAPTURE(back);
      Blind it;
      it.learn_up_to(1);
      it.run_for(500, it.random);
      if (!back) it.lose(edges);
      it.until("closed");
      REQUIRE(it.say("mark") == 0);
      it.run_for(500, it.random);
      if (back) it.lose(edges);
      it.until(edges == 10 ? "opening" : "off");
      CHECK(it.gave_up() == (edges != 10));
      if (edges == 10) CHECK(it.controller->learning().part() == 1);
    }
  }
}

TEST_CASE("learning: what cannot be stored is not used either") {
  Blind it;
  it.learn_up_to(3);
  it.until("closed");
  REQUIRE(it.say("mark") == 0);
  it.storage.refuses = true;
  it.until("off");
  CHECK(it.last().find(R"("step":"not_stored")") != std::string::npos);
  CHECK_FALSE(it.controller->calibrated());
  CHECK(it.controller->travel().first == 3000);
}

TEST_CASE("learning: nobody who marks is waited for without end, and meanwhile nothing else moves the shade") {
  Blind it;
  REQUIRE(it.say("learn") == 0);
  CHECK(it.say("learn") == shade::kBusy);
  CHECK(it.say("mark") == shade::kBusy);
  it.until("open");
  CHECK(it.controller->move("30") == shade::kBusy);
  CHECK(it.controller->tilt("30") == shade::kBusy);
  CHECK(it.say("900,200") == shade::kBusy);
  for (int second = 0; second < 601; ++second) {
    if (second == 300) CHECK(std::string(it.step()) == "open");
    it.now_us += 1000000;
    it.photon->process();
    it.controller->tick();
  }
  CHECK(it.gave_up());
  CHECK(it.controller->move("30") == 30);
}

TEST_CASE("learning: a motor that does not turn, or never meets an end, teaches nothing") {
  for (const char* fault : {"lift_stall", "lift_slip", "lift_dead_encoder"}) {
    CAPTURE(fault);
    Blind it;
    it.learn_up_to(1);
    it.set_fault(fault, true);
    for (int i = 0; i < 30000 && !it.gave_up(); ++i) {
      it.run_for(20, it.random);
      if (std::string(it.step()) == "closed") it.say("mark");
    }
    CHECK(it.gave_up());
    CHECK_FALSE(it.controller->calibrated());
    CHECK(it.photon->pins().duty(D0) + it.photon->pins().duty(D1) == 0);
  }
}

TEST_CASE("learning: only where edges are counted") {
  Rig roller(kVariants[0]);
  CHECK(roller.controller->calibrate("learn") == shade::kBadArgument);
  CHECK(roller.controller->calibrate("mark") == shade::kBadArgument);
  char html[shade::SetupPage::kMaxPage];
  shade::SetupPage::render(*roller.controller, roller.board, shade::SetupPage::Outcome::Asked, html, sizeof html);
  CHECK(std::string(html).find("name=ends") == std::string::npos);
}

TEST_CASE("learning: console and installer's page show the counts and take the marks") {
  Blind it;
  fakes::Port port;
  shade::Console console(port, *it.controller, it.board);
  const auto ask = [&](const char* line) {
    port.out.clear();
    port.type(std::string(line) + "\n");
    console.poll();
    return port.out.back();
  };
  const auto press = [&](const char* form) {
    auto outcome = shade::SetupPage::take(form, *it.controller);
    std::string html(shade::SetupPage::kMaxPage, '\0');
    shade::SetupPage::render(*it.controller, it.board, outcome, &html[0], html.size());
    html.resize(strlen(html.c_str()));
    CHECK(html.substr(html.size() - 7) == "</html>");
    return html;
  };
  CHECK(press("").find("Ends: not learnt <button name=ends value=learn>") != std::string::npos);
  CHECK(press("ends=reset").find("Not stored") != std::string::npos);
  std::string page = press("ends=learn");
  CHECK(page.find("Ends: lift opening, 0 counts <button name=ends value=cancel>") != std::string::npos);
  CHECK(page.find("http-equiv=refresh") != std::string::npos);
  it.until("open");
  CHECK(press("").find("<button name=ends value=mark>") != std::string::npos);
  CHECK(press("").find("http-equiv=refresh") == std::string::npos);
  CHECK(ask("calibrate mark") == R"({"calibrate":"mark","result":0})");
  it.until("closed");
  std::string counts = std::to_string(it.controller->learning().counts());
  CHECK(ask("status").find(R"("learning":"closed","part":"lift","counts":)" + counts + ",") != std::string::npos);
  CHECK(press("").find("lift closed, " + counts + " counts") != std::string::npos);
  press("ends=cancel");
  CHECK(std::string(it.step()) == "off");
}
