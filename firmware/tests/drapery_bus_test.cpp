// The drapery's driver on a line that the test hears and talks on.
#include <doctest/doctest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "Particle.h"
#include "base/monotonic.h"
#include "device/photon.h"
#include "dooya_frames.h"
#include "drapery/src/bus_motor.h"
#include "test_housing.h"

using namespace dooya;

namespace {

// A Photon with a line on Serial1 that the test hears and talks on; D2 is the transceiver's DE.
struct Line {
  uint64_t now_us = 1000000000;
  std::string state;
  vphoton::test::TestHousing housing;
  std::unique_ptr<vphoton::Photon> photon;
  std::vector<std::string> sent;
  std::vector<uint64_t> sent_us;
  bool echoes = true;
  // What the motor says to a frame; empty: nothing.
  std::function<std::string(const std::string&)> motor;
  uint64_t answer_ms = 5;
  std::string pending;
  uint64_t due_us = 0;
  bool jammed = false;  // an answer met a transceiver that still drove the line

  Line() {
    vphoton::set_monotonic_source(&now_us);
    state = std::filesystem::temp_directory_path() / "bus-test-XXXXXX";
    REQUIRE(mkdtemp(state.data()) != nullptr);
    vphoton::Options options;
    options.state = state;
    options.device_id = std::string(12, '\x5A');
    photon = std::make_unique<vphoton::Photon>(options, std::nullopt, housing);
    wire_to(photon.get());
    REQUIRE(photon->boot() == "");
    photon->uart().connect([this](const std::string& frame) {
      REQUIRE(photon->uart().baud() == 9600);
      REQUIRE(photon->pin_read(D2) == 1);
      sent.push_back(frame);
      sent_us.push_back(now_us);
      if (echoes) photon->uart().receive(frame);
      if (motor) pending = motor(frame);
      due_us = now_us + answer_ms * 1000;
    });
  }
  ~Line() {
    wire_to(nullptr);
    photon.reset();
    std::filesystem::remove_all(state);
    vphoton::set_monotonic_source(nullptr);
  }
  void pass_ms() {
    now_us += 1000;
    photon->process();
    if (pending.empty() || now_us < due_us) return;
    jammed = jammed || photon->pin_read(D2);
    photon->uart().receive(pending);
    pending.clear();
  }
};

struct Driven : Line {
  BusMotor driver;

  explicit Driven(const BusAddress& address = {0x12, 0x34}) : driver(D2, address) {
    pinMode(D2, OUTPUT);
    Serial1.begin(9600);
  }
  void run_for(int ms) {
    for (int i = 0; i < ms; ++i) {
      pass_ms();
      driver.tick(millis());
    }
  }
  size_t count(const std::string& frame) const {
    return static_cast<size_t>(std::count(sent.begin(), sent.end(), frame));
  }
  shade::Fault fault() { return driver.feedback().fault; }
  // Obeys, stands at `position` per cent, and says so with `status`.
  void behave(int position, int status) {
    motor = [=](const std::string& frame) {
      if (frame == kAskPosition) return content(position);
      return frame == kAskStatus ? content(status) : frame;
    };
  }
  // As after a start that has gone well.
  void begin() {
    behave(30, 0);
    REQUIRE(driver.begin());
    run_for(400);
    REQUIRE(fault() == shade::Fault::None);
    REQUIRE(driver.feedback().absolute);
    sent.clear();
    sent_us.clear();
  }
};

shade::Leg leg(shade::Direction direction, int per_cent) {
  return {direction, static_cast<uint16_t>(per_cent * 100), true};
}
const shade::Leg kOpening = leg(shade::Direction::Open, 100);
const shade::Leg kClosing = leg(shade::Direction::Close, 0);
const shade::Leg kTo30Per = leg(shade::Direction::Open, 30);

}  // namespace

TEST_CASE("the drapery's commands and questions are those of the agreement") {
  Driven line;
  line.behave(50, 1);
  REQUIRE(line.driver.begin());
  line.run_for(200);
  REQUIRE(line.sent.size() >= 3);
  CHECK(line.sent[0] == kStop);
  CHECK(line.sent[1] == kAskStatus);
  CHECK(line.sent[2] == kAskPosition);
  for (auto [to, frame] : {std::pair{kOpening, kOpen}, {kClosing, kClose}, {kTo30Per, kTo30}}) {
    line.sent.clear();
    REQUIRE(line.driver.run(to));
    line.run_for(100);
    CHECK(line.count(frame) == 1);
  }
  CHECK_FALSE(line.jammed);
  for (uint16_t aim : {2950, 2999, 3049}) {  // whole per cent
    line.sent.clear();
    line.driver.run({shade::Direction::Close, aim, true});
    line.run_for(100);
    CHECK(line.count(kTo30) == 1);
  }
}

TEST_CASE("the drapery's frames at other addresses") {
  Driven first({0x01, 0x00});
  first.driver.run(kOpening);
  first.run_for(20);
  REQUIRE(first.sent.size() == 1);
  CHECK(first.sent[0] == bytes("55 01 00 03 01 E8 C0"));
  Driven second({0x01, 0x01});
  second.driver.run(leg(shade::Direction::Open, 23));
  second.run_for(20);
  REQUIRE(second.sent.size() == 1);
  CHECK(second.sent[0] == bytes("55 01 01 03 04 17 82 EC"));
}

TEST_CASE("the transceiver lets go of the line within 3.5 characters") {
  Driven line;
  line.answer_ms = 4;
  line.begin();
  for (int i = 0; i < 5; ++i) {
    line.driver.run(i % 2 ? kOpening : kClosing);
    line.run_for(300);
  }
  CHECK(line.sent.size() > 10);
  CHECK_FALSE(line.jammed);
  CHECK(line.photon->pin_read(D2) == 0);
}

TEST_CASE("what the motor tells is where the drapery is") {
  Driven line;
  line.motor = [](const std::string& frame) {
    return frame == kAskPosition ? kAt30 : frame == kAskStatus ? kZero : frame;
  };
  line.driver.place(7700, 0);
  CHECK(line.driver.feedback().measured == 7700);
  REQUIRE(line.driver.begin());
  line.run_for(200);
  CHECK(line.driver.feedback().measured == 3000);
  CHECK(line.driver.feedback().absolute);
  line.motor = [](const std::string& frame) {
    return frame == kAskPosition ? kNoTravel : frame == kAskStatus ? kZero : frame;
  };
  REQUIRE(line.driver.stop());
  line.run_for(200);
  CHECK(line.driver.feedback().measured == 3000);
  CHECK_FALSE(line.driver.feedback().absolute);
  CHECK(line.fault() == shade::Fault::None);
}

TEST_CASE("a move ends where the motor says it stands") {
  Driven line;
  line.begin();
  line.behave(55, 1);
  REQUIRE(line.driver.run(leg(shade::Direction::Open, 80)));
  line.run_for(1000);
  CHECK_FALSE(line.driver.feedback().arrived);
  CHECK(line.driver.feedback().measured == 5500);
  line.behave(80, 0);
  line.run_for(300);
  CHECK(line.driver.feedback().arrived);
  CHECK_FALSE(line.driver.feedback().at_open);
  line.behave(100, 0);
  REQUIRE(line.driver.run(kOpening));
  line.run_for(300);
  CHECK(line.driver.feedback().at_open);
  CHECK(line.fault() == shade::Fault::None);
  const size_t before = line.sent.size();
  line.run_for(2000);  // at rest the line is quiet
  CHECK(line.sent.size() == before);
}

TEST_CASE("a motor may take its time to start, and is stalled when it stands after that") {
  Driven line;
  line.begin();
  REQUIRE(line.driver.run(kOpening));
  line.run_for(300);
  CHECK(line.fault() == shade::Fault::None);
  line.run_for(500);
  CHECK(line.fault() == shade::Fault::Stalled);
  // Once it has moved, standing short of the aim is an obstacle at once.
  line.driver.stop();
  line.run_for(200);
  line.driver.run(kOpening);
  line.behave(40, 1);
  line.run_for(300);
  line.behave(41, 0);
  line.run_for(250);
  CHECK(line.fault() == shade::Fault::Stalled);
}

TEST_CASE("a motor that says it moves and gets nowhere is stalled") {
  Driven line;
  line.begin();
  line.driver.run(kOpening);
  line.behave(40, 1);
  line.run_for(4500);
  CHECK(line.fault() == shade::Fault::None);
  line.run_for(1500);
  CHECK(line.fault() == shade::Fault::Stalled);
}

TEST_CASE("a motor that swings about its aim is stopped after three minutes at the latest") {
  Driven line;
  line.begin();
  line.driver.run(kOpening);
  int asked = 0;
  line.motor = [&](const std::string& frame) {
    if (frame == kAskPosition) return content(0xFF);  // it tells no position, so nothing says that it gets nowhere
    return frame == kAskStatus ? content(++asked % 2 + 1) : frame;
  };
  line.run_for(179000);
  CHECK(line.fault() == shade::Fault::None);
  line.run_for(3000);
  CHECK(line.fault() == shade::Fault::Stalled);
}

TEST_CASE("a motor that runs past its aim overruns") {
  for (bool opens : {true, false}) {
    Driven line;
    line.begin();
    line.behave(50, opens ? 1 : 2);
    line.driver.run(leg(opens ? shade::Direction::Open : shade::Direction::Close, 50));
    line.run_for(300);
    CHECK(line.fault() == shade::Fault::None);
    line.behave(opens ? 51 : 49, opens ? 1 : 2);  // an aim is reached within a per cent
    line.run_for(300);
    CHECK(line.fault() == shade::Fault::None);
    line.behave(opens ? 52 : 48, opens ? 1 : 2);
    line.run_for(300);
    CHECK(line.fault() == shade::Fault::Overrun);
  }
}

TEST_CASE("an answer is found behind any noise") {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    Driven line;
    line.begin();
    line.motor = [&](const std::string& frame) {
      std::string noise;
      for (unsigned i = random() % 40; i > 0; --i)
        noise += random() % 3 ? static_cast<char>(random()) : frame[random() % frame.size()];
      // Or a frame without its end.
      if (random() % 2) noise += kAt30.substr(0, random() % kAt30.size());
      return noise + (frame == kAskPosition ? content(100) : frame == kAskStatus ? kZero : frame);
    };
    line.driver.run(kOpening);
    line.run_for(400);
    CHECK(line.count(kOpen) == 1);
    CHECK(line.driver.feedback().arrived);
  }
}

TEST_CASE("an answer with one wrong bit is none") {
  Driven line;
  line.begin();
  for (size_t bit = 0; bit < kAt30.size() * 8; ++bit) {
    CAPTURE(bit);
    line.motor = [bit](const std::string& frame) {
      std::string answer = frame == kAskPosition ? content(99) : frame == kAskStatus ? kZero : frame;
      if (frame == kAskPosition) answer[bit / 8] = static_cast<char>(answer[bit / 8] ^ 1 << bit % 8);
      return answer;
    };
    line.sent.clear();
    line.driver.stop();
    line.run_for(600);
    CHECK(line.fault() == shade::Fault::Checksum);
    CHECK(line.driver.feedback().measured == 3000);
    CHECK(line.count(kAskPosition) == 3);
  }
}

TEST_CASE("answers of another motor, and values that mean nothing, are none") {
  for (const std::string& answer : {bytes("55 01 00 01 01 1E E1 86"), content(101), content(0x80)}) {
    Driven line;
    line.begin();
    line.motor = [&](const std::string& frame) {
      return frame == kAskPosition ? answer : frame == kAskStatus ? kZero : frame;
    };
    line.driver.stop();
    line.run_for(600);
    CHECK(line.fault() == shade::Fault::Checksum);
    CHECK(line.driver.feedback().measured == 3000);
  }
  Driven line;
  line.begin();
  line.motor = [](const std::string& frame) { return frame == kAskStatus ? content(4) : frame; };
  line.driver.stop();
  line.run_for(600);
  CHECK(line.fault() == shade::Fault::Checksum);
}

TEST_CASE("the echo of a command is no answer to it") {
  Driven line;
  line.begin();
  line.motor = nullptr;
  line.driver.stop();
  line.run_for(600);
  CHECK(line.fault() == shade::Fault::NoAnswer);
  CHECK(line.count(kStop) == 3);
  CHECK(line.sent.size() == 3);
}

TEST_CASE("a line without echo is a fault: nothing says that anything was sent") {
  Driven line;
  line.begin();
  line.echoes = false;
  line.motor = nullptr;  // it heard nothing
  line.driver.stop();
  // Three frames of 8.3 ms, twice that for each echo, and 40 and 80 ms between them.
  line.run_for(200);
  CHECK(line.sent.size() == 3);
  CHECK(line.fault() == shade::Fault::NoAnswer);
  CHECK(line.photon->pin_read(D2) == 0);
}

TEST_CASE("an echo that differs is a collision") {
  Driven line;
  line.begin();
  line.photon->uart().connect([&](const std::string& frame) {
    line.sent.push_back(frame);
    std::string damaged = frame;
    damaged[3] = static_cast<char>(~damaged[3]);
    line.photon->uart().receive(damaged);
  });
  line.driver.stop();
  line.run_for(400);
  CHECK(line.fault() == shade::Fault::Collision);
  CHECK(line.sent.size() == 3);
  CHECK(line.photon->pin_read(D2) == 0);
}

TEST_CASE("a stop is repeated until it is confirmed and the motor stands") {
  for (size_t lost : {0, 1, 2, 3, 7}) {
    CAPTURE(lost);
    Driven line;
    line.begin();
    line.driver.run(kOpening);
    line.behave(40, 1);
    line.run_for(300);
    size_t stops = 0;
    line.motor = [&](const std::string& frame) {
      if (frame == kStop && ++stops <= lost) return std::string();
      if (frame == kAskPosition) return content(45);
      return frame == kAskStatus ? content(stops > lost ? 0 : 1) : frame;
    };
    line.driver.stop();
    line.run_for(4000);
    CHECK(stops == lost + 1);
    CHECK(line.driver.feedback().measured == 4500);
    CHECK(line.fault() == (lost < 3 ? shade::Fault::None : shade::Fault::NoAnswer));
  }
  // Confirmed, and it goes on: it is told again, and overruns after a second.
  Driven line;
  line.begin();
  line.behave(40, 2);
  line.driver.stop();
  line.run_for(600);
  CHECK(line.count(kStop) >= 3);
  CHECK(line.fault() == shade::Fault::None);
  line.run_for(700);
  CHECK(line.fault() == shade::Fault::Overrun);
  const size_t stops = line.count(kStop);
  line.run_for(500);
  CHECK(line.count(kStop) > stops);
}

TEST_CASE("a stop does not wait for the repetitions of another question") {
  Driven line;
  line.begin();
  line.driver.run(kOpening);
  line.behave(40, 1);
  line.run_for(200);
  line.motor = nullptr;
  line.run_for(120);  // a question is under way that nothing answers
  line.sent.clear();
  line.driver.stop();
  line.run_for(160);
  REQUIRE_FALSE(line.sent.empty());
  CHECK(line.sent.front() == kStop);
}

TEST_CASE("an answer that comes late is not taken for the next question's") {
  Driven line;
  line.begin();
  line.answer_ms = 130;  // the position's, when the status is asked again
  int positions = 0;
  line.motor = [&](const std::string& frame) {
    line.answer_ms = frame == kAskStatus && positions == 0 ? 130 : 5;
    if (frame == kAskPosition) ++positions;
    return frame == kAskPosition ? content(99) : frame == kAskStatus ? content(1) : frame;
  };
  line.driver.run(kOpening);
  line.run_for(250);
  CHECK(line.driver.feedback().measured == 3000);
  CHECK(positions == 0);
}

TEST_CASE("a motor that has forgotten its travel is sent to an end first") {
  for (bool opens : {true, false}) {
    CAPTURE(opens);
    Driven line;
    line.begin();
    bool found = false;
    line.motor = [&](const std::string& frame) {
      if (frame == kTo30) return found ? frame : kRefused;
      if (frame == kAskPosition) return !found ? kNoTravel : line.count(kTo30) > 1 ? kAt30 : content(opens ? 100 : 0);
      return frame == kAskStatus ? (found ? kZero : kOne) : frame;
    };
    line.driver.run(leg(opens ? shade::Direction::Open : shade::Direction::Close, 30));
    line.run_for(1000);
    REQUIRE(line.count(kTo30) == 1);
    CHECK(line.count(opens ? kOpen : kClose) == 1);
    CHECK(line.count(opens ? kClose : kOpen) == 0);
    CHECK_FALSE(line.driver.feedback().absolute);
    found = true;
    line.run_for(1200);
    CHECK(line.count(kTo30) == 2);
    CHECK(line.driver.feedback().arrived);
    CHECK(line.driver.feedback().measured == 3000);
    CHECK(line.fault() == shade::Fault::None);
  }
}

TEST_CASE("what came before a new aim does not end the way to it") {
  Driven line;
  line.begin();
  line.behave(60, 1);
  line.driver.run(leg(shade::Direction::Open, 60));
  line.run_for(200);
  // It stands at the old aim just when the new one is given.
  line.behave(60, 0);
  line.driver.aim_at(leg(shade::Direction::Open, 90));
  line.run_for(100);
  CHECK_FALSE(line.driver.feedback().arrived);
  line.behave(90, 0);
  line.run_for(700);
  CHECK(line.driver.feedback().arrived);
  CHECK(line.driver.feedback().measured == 9000);
}

TEST_CASE("what is due next on the drapery's line") {
  Driven line;
  line.begin();
  CHECK(line.driver.due_in(millis()) == shade::Driver::kNothingDue);
  CHECK(line.driver.at_end());
  CHECK(line.driver.senses_ends());
  line.behave(40, 1);
  line.driver.run(kOpening);
  CHECK(line.driver.due_in(millis()) == 0);
  line.driver.tick(millis());
  // The frame, 8.3 ms of it, and the answer.
  CHECK(line.driver.due_in(millis()) > 8);
  CHECK(line.driver.due_in(millis()) <= 15);
  bool waited = false;
  for (int ms = 0; ms < 60; ++ms) {
    uint32_t due = line.driver.due_in(millis());
    CHECK((due > 0 || line.photon->pin_read(D2) == 0));
    waited = waited || (line.photon->pin_read(D2) == 0 && due > 0 && due < 10);
    line.run_for(1);
  }
  CHECK(waited);
  // Between two looks at a motor that moves: a tenth of a second.
  size_t before = line.sent.size();
  uint32_t due = line.driver.due_in(millis());
  CHECK(due > 10);
  CHECK(due <= 100);
  line.run_for(static_cast<int>(due) - 1);
  CHECK(line.sent.size() == before);
  CHECK(line.driver.due_in(millis()) == 1);
  line.run_for(1 + 10);
  CHECK(line.sent.size() == before + 1);
}

TEST_CASE("a question without an answer is repeated after a pause that grows, three times in all") {
  Driven line;
  line.begin();
  line.motor = nullptr;
  line.driver.stop();
  std::vector<uint64_t> pauses;
  line.run_for(450);
  REQUIRE(line.sent_us.size() == 3);
  uint64_t first = line.sent_us[1] - line.sent_us[0], second = line.sent_us[2] - line.sent_us[1];
  CHECK(first >= 148000);  // 100 ms for the answer, 40 ms of pause, and the next frame's 8.3 ms
  CHECK(first <= 165000);
  CHECK(second >= first + 38000);
  CHECK(second <= first + 42000);
  CHECK(line.driver.due_in(millis()) > 100);  // and the next three after half a second
  CHECK(line.driver.due_in(millis()) <= 500);
  CHECK_FALSE(line.driver.feedback().absolute);
  line.run_for(static_cast<int>(line.driver.due_in(millis())) + 10);
  REQUIRE(line.sent.size() == 4);
  CHECK(line.sent_us[3] - line.sent_us[2] >= 580000);
  line.run_for(400);
  CHECK(line.sent.size() == 6);
}

TEST_CASE("each end is told as itself, and is reached within a per cent") {
  for (bool opens : {true, false}) {
    Driven line;
    line.begin();
    line.behave(opens ? 99 : 1, opens ? 1 : 2);
    line.driver.run(opens ? kOpening : kClosing);
    line.run_for(300);
    line.behave(opens ? 99 : 1, 0);
    line.run_for(300);
    CHECK(line.driver.feedback().arrived);
    CHECK(line.driver.feedback().at_open == opens);
    CHECK(line.driver.feedback().at_closed == !opens);
    Driven shorter;
    shorter.begin();
    shorter.behave(50, opens ? 1 : 2);
    shorter.driver.run(opens ? kOpening : kClosing);
    shorter.run_for(300);
    shorter.behave(opens ? 98 : 2, 0);
    shorter.run_for(300);
    CHECK(shorter.fault() == shade::Fault::Stalled);
  }
}

TEST_CASE("an overrun is counted from the stop, and the fault of the move before is cleared by it") {
  Driven line;
  line.begin();
  line.run_for(3000);
  line.behave(40, 2);
  line.driver.stop();
  line.run_for(900);
  CHECK(line.fault() == shade::Fault::None);
  line.run_for(400);
  CHECK(line.fault() == shade::Fault::Overrun);
  line.behave(40, 0);
  line.driver.stop();
  CHECK(line.fault() == shade::Fault::None);
  CHECK(line.driver.feedback().pending);
  line.run_for(400);
  CHECK_FALSE(line.driver.feedback().pending);
  CHECK(line.fault() == shade::Fault::None);
}

TEST_CASE("a run begins anew, whatever was before it") {
  Driven line;
  line.begin();
  line.driver.stop();
  line.run_for(5);
  line.driver.run(kOpening);
  line.behave(40, 1);
  line.run_for(200);
  CHECK_FALSE(line.driver.feedback().pending);
  line.behave(41, 0);  // it has moved, so that now it may not stand
  line.run_for(200);
  CHECK(line.fault() == shade::Fault::Stalled);
  line.behave(100, 0);
  line.driver.stop();
  line.run_for(200);
  line.driver.run(kOpening);
  line.run_for(300);
  line.driver.run(kClosing);
  for (int position = 99; position > 91; --position) {
    line.behave(position, 2);
    line.run_for(1000);
  }
  CHECK(line.count(kClose) == 1);
  CHECK(line.driver.feedback().measured == 9200);
}

TEST_CASE("a window on the line has only what came since it was cleared, and finds a frame of exactly that") {
  BusWindow window;
  CHECK(window.empty());
  const uint8_t stop[] = {3, 3}, to_30[] = {3, 4, 30};
  const BusAddress address = {0x12, 0x34};
  for (const auto& [frame, text] :
       {std::pair{BusFrame(address, stop, 2), kStop}, {BusFrame(address, to_30, 3), kTo30}}) {
    window.clear();
    for (char byte : text) {
      CHECK_FALSE(window.ends_with(frame));
      window.feed(static_cast<uint8_t>(byte));
      CHECK_FALSE(window.empty());
    }
    CHECK(window.ends_with(frame));
    window.clear();
    CHECK(window.empty());
    CHECK_FALSE(window.ends_with(frame));
    // Its first byte came before.
    window.feed(static_cast<uint8_t>(text[0]));
    window.clear();
    for (char byte : text.substr(1)) window.feed(static_cast<uint8_t>(byte));
    CHECK_FALSE(window.ends_with(frame));
  }
}

TEST_CASE("an echo that is late, as the processor was held up before the first bit, is one") {
  Driven line;
  line.echoes = false;
  line.answer_ms = 3;  // after the 8.3 ms of the frame
  line.motor = [](const std::string& frame) {
    return frame + (frame == kAskPosition ? kAt30 : frame == kAskStatus ? kZero : frame);
  };
  line.driver.stop();
  line.run_for(600);
  CHECK(line.fault() == shade::Fault::None);
  CHECK(line.sent.size() == 3);
  CHECK(line.driver.feedback().measured == 3000);
}

TEST_CASE("before anything is wanted of the drapery's motor the line is quiet, and nothing is known") {
  Driven line;
  CHECK(line.driver.due_in(millis()) == shade::Driver::kNothingDue);
  line.run_for(1000);
  CHECK(line.sent.empty());
  const shade::Feedback seen = line.driver.feedback();
  CHECK(seen.fault == shade::Fault::None);
  CHECK_FALSE(seen.absolute);
  CHECK_FALSE(seen.arrived);
  CHECK_FALSE(seen.pending);
}

TEST_CASE("a question that failed three times on the way is not asked again until the next command") {
  Driven line;
  line.begin();
  line.behave(40, 1);
  line.driver.run(kOpening);
  line.run_for(300);
  line.motor = nullptr;
  line.run_for(1000);
  CHECK(line.fault() == shade::Fault::NoAnswer);
  CHECK(line.driver.due_in(millis()) == shade::Driver::kNothingDue);
  const size_t before = line.sent.size();
  line.run_for(2000);
  CHECK(line.sent.size() == before);
  line.behave(40, 0);
  line.driver.stop();
  line.run_for(300);
  CHECK(line.sent.size() == before + 3);
  CHECK(line.fault() == shade::Fault::None);
}
