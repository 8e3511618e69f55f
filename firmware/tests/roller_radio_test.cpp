// The roller's remote control on the air, and the receiver that hears it. Frames and lengths are those of the sources,
// and nothing here is asked of the code under test.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "Particle.h"
#include "base/monotonic.h"
#include "device/photon.h"
#include "roller/src/radio_remote.h"
#include "test_housing.h"
#include "worlds/ook_decoder.h"
#include "worlds/remote_receiver.h"

using vphoton::OokDecoder;
using vphoton::OokFrame;

namespace {

// akirjavainen/A-OK, A-OK.ino, commit 111c74d: what a remote with the id 465016 sends.
const std::string kDown = "10100011010001100101000000010110000000010000000001000011111100001";
const std::string kUp = "10100011010001100101000000010110000000010000000000001011101110001";
const std::string kStop = "10100011010001100101000000010110000000010000000000100011110100001";
// sage905/esphome, aok_protocol.cpp, commit 7d95a82: a remote with the id 505DE9.
const std::string kOtherUp = "10100011010100000101110111101001000000010000000000001011101000101";

struct Pulse {
  bool carrier;
  double us;
};

std::vector<Pulse> pulses_of(const std::string& bytes, uint32_t hz) {
  std::vector<Pulse> pulses;
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bool carrier = bytes[bit / 8] >> (7 - bit % 8) & 1;
    if (pulses.empty() || pulses.back().carrier != carrier) pulses.push_back({carrier, 0});
    pulses.back().us += 1e6 / hz;
  }
  return pulses;
}

// With the lengths measured on a remote, A-OK.ino: 5300 and 530 us, then 567 and 272 for a 1, 272 and 567 for a 0.
std::vector<Pulse> measured(const std::string& bits, double scale = 1) {
  std::vector<Pulse> pulses = {{false, 5030}, {true, 5300 * scale}, {false, 530 * scale}};
  for (char bit : bits) {
    pulses.push_back({true, (bit == '1' ? 567 : 272) * scale});
    pulses.push_back({false, (bit == '1' ? 272 : 567) * scale});
  }
  return pulses;
}

std::vector<OokFrame> heard(OokDecoder& decoder, const std::vector<Pulse>& pulses) {
  std::vector<OokFrame> frames;
  for (const Pulse& pulse : pulses)
    if (auto frame = decoder.feed(pulse.carrier, pulse.us)) frames.push_back(*frame);
  return frames;
}

// A Photon with nothing on its pins but an ear on A5, and a wire back to A4 that can be broken.
struct Air {
  uint64_t now_us = 1000000000;
  std::string state;
  vphoton::test::TestHousing housing;
  std::unique_ptr<vphoton::Photon> photon;
  struct Sent {
    std::vector<Pulse> pulses;
    uint64_t ended_us;
  };
  std::vector<Sent> sent;
  bool wire = true;
  RadioRemote remote;

  Air() {
    vphoton::set_monotonic_source(&now_us);
    state = std::filesystem::temp_directory_path() / "radio-test-XXXXXX";
    REQUIRE(mkdtemp(state.data()) != nullptr);
    vphoton::Options options;
    options.state = state;
    options.device_id = std::string("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x46\x50\x16", 12);
    photon = std::make_unique<vphoton::Photon>(options, std::nullopt, housing);
    wire_to(photon.get());
    REQUIRE(photon->boot() == "");
    photon->spi().connect([this](const std::string& bytes, uint32_t hz) {
      sent.push_back({pulses_of(bytes, hz), now_us});
      return wire ? bytes : std::string(bytes.size(), '\0');
    });
    REQUIRE(remote.begin());
    run_for(100);
    for (const Sent& before : sent) {
      REQUIRE(before.pulses.size() == 1);  // the line is low, and nothing on the air
      REQUIRE_FALSE(before.pulses[0].carrier);
    }
    sent.clear();
  }
  ~Air() {
    wire_to(nullptr);
    photon.reset();
    std::filesystem::remove_all(state);
    vphoton::set_monotonic_source(nullptr);
  }
  void run_for(int ms) {
    for (int i = 0; i < ms; ++i) {
      now_us += 1000;
      photon->process();
      remote.tick(millis());
    }
  }
};

bool near(double us, double wanted) { return std::abs(us - wanted) <= 0.05 * wanted; }

// The bits of what was sent, with each length within a twentieth of the measured one.
std::string bits_of(const std::vector<Pulse>& pulses) {
  REQUIRE(pulses.size() == 2 * 66 + 1);
  CHECK_FALSE(pulses[0].carrier);
  CHECK(near(pulses[0].us, 5030));
  CHECK(near(pulses[1].us, 5250));
  CHECK(near(pulses[2].us, 530));
  std::string bits;
  for (size_t i = 3; i < pulses.size(); i += 2) {
    bool one = pulses[i].us > 400;
    CHECK(near(pulses[i].us, one ? 567 : 272));
    CHECK(near(pulses[i + 1].us, one ? 272 : 567));
    bits += one ? '1' : '0';
  }
  return bits;
}

const shade::Leg kOpening = {shade::Direction::Open, 10000, true};
const shade::Leg kClosing = {shade::Direction::Close, 0, true};

}  // namespace

TEST_CASE("the roller's frames are those of an A-OK remote, eight of each") {
  struct {
    const std::string& bits;
    std::function<bool(RadioRemote&)> press;
  } const keys[] = {
      {kUp, [](RadioRemote& remote) { return remote.run(kOpening); }},
      {kDown, [](RadioRemote& remote) { return remote.run(kClosing); }},
      {kStop, [](RadioRemote& remote) { return remote.stop(); }},
  };
  for (const auto& key : keys) {
    Air air;
    REQUIRE(key.press(air.remote));
    air.run_for(2000);
    REQUIRE(air.sent.size() == 8);
    for (const auto& frame : air.sent) CHECK(bits_of(frame.pulses) == key.bits);
    // Without a gap: all of them take little more than eight times 64 ms.
    CHECK(air.sent[7].ended_us - air.sent[0].ended_us <= 7 * 66000);
    CHECK(air.remote.feedback().fault == shade::Fault::None);
  }
}

TEST_CASE("a stop follows the frame that is under way, not its repetitions") {
  Air air;
  REQUIRE(air.remote.run(kOpening));
  air.run_for(90);  // in the second frame
  REQUIRE(air.remote.stop());
  CHECK(air.remote.feedback().pending);
  air.run_for(2000);
  REQUIRE(air.sent.size() == 2 + 8);
  for (size_t i = 0; i < air.sent.size(); ++i) CHECK(bits_of(air.sent[i].pulses) == (i < 2 ? kUp : kStop));
  CHECK_FALSE(air.remote.feedback().pending);
}

TEST_CASE("a stop is with the motor only when the last of its frames is over") {
  Air air;
  REQUIRE(air.remote.stop());
  while (air.sent.size() < 7) air.run_for(1);
  CHECK(air.remote.feedback().pending);
  air.run_for(100);
  CHECK_FALSE(air.remote.feedback().pending);
}

TEST_CASE("a command that waits for more than a tenth of a second is late") {
  Air air;
  REQUIRE(air.remote.run(kOpening));
  air.run_for(10);
  REQUIRE(air.remote.stop());
  air.now_us += 200000;  // the loop stands still
  air.run_for(70);
  CHECK(air.remote.feedback().late);
  REQUIRE(air.remote.stop());
  air.run_for(70);
  CHECK_FALSE(air.remote.feedback().late);
}

TEST_CASE("a broken wire to the transmitter is a fault, and all frames are sent even so") {
  Air air;
  air.wire = false;
  REQUIRE(air.remote.stop());
  air.run_for(2000);
  CHECK(air.remote.feedback().fault == shade::Fault::Driver);
  REQUIRE(air.sent.size() == 8);
  for (const auto& frame : air.sent) CHECK(bits_of(frame.pulses) == kStop);
  air.wire = true;
  REQUIRE(air.remote.stop());
  air.run_for(2000);
  CHECK(air.remote.feedback().fault == shade::Fault::None);
}

TEST_CASE("the roller's driver is due when its frame of 64 ms is over, and knows nothing of ends") {
  Air air;
  CHECK(air.remote.due_in(millis()) == shade::Driver::kNothingDue);
  CHECK_FALSE(air.remote.senses_ends());
  CHECK(air.remote.at_end());
  CHECK_FALSE(air.remote.feedback().pending);
  CHECK(air.remote.feedback().measured < 0);
  REQUIRE(air.remote.run(kClosing));
  CHECK(air.remote.feedback().pending);
  for (uint32_t left : {64u, 40u, 10u, 1u}) {
    while (air.remote.due_in(millis()) > left) {
      air.now_us += 1000;
      air.photon->process();
    }
    CHECK(air.remote.due_in(millis()) == left);
  }
  for (int i = 0; i < 10; ++i) {
    air.now_us += 1000;
    air.photon->process();
    CHECK(air.remote.due_in(millis()) <= 1);
  }
  CHECK(air.remote.due_in(millis()) == 0);
  air.run_for(2000);
  CHECK(air.remote.due_in(millis()) == shade::Driver::kNothingDue);
}

TEST_CASE("the roller's frames after its start say nothing, and a command does not wait for more than one") {
  Air air;
  RadioRemote fresh;
  CHECK(fresh.due_in(millis()) == shade::Driver::kNothingDue);
  CHECK_FALSE(fresh.feedback().late);
  REQUIRE(fresh.begin());
  CHECK_FALSE(fresh.feedback().pending);
  CHECK(fresh.due_in(millis()) != shade::Driver::kNothingDue);
  REQUIRE(fresh.stop());
  CHECK(fresh.feedback().pending);
  for (int ms = 0; ms < 2000; ++ms) {
    air.now_us += 1000;
    air.photon->process();
    fresh.tick(millis());
  }
  REQUIRE(air.sent.size() == 1 + 8);
  CHECK_FALSE(fresh.feedback().late);
  CHECK(bits_of(air.sent[1].pulses) == kStop);
}

TEST_CASE("a frame that takes longer than its 64 ms is looked for every millisecond") {
  Air air;
  REQUIRE(air.remote.run(kOpening));
  air.now_us += 64000;  // nothing tells of its end
  for (int ms = 64; ms < 100; ++ms) {
    CAPTURE(ms);
    CHECK(air.remote.due_in(millis()) == 1);
    air.now_us += 1000;
  }
}

TEST_CASE("the model receiver hears frames as remotes send them") {
  OokDecoder decoder;
  auto frames = heard(decoder, measured(kDown));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].remote == 0x465016);
  CHECK(frames[0].channels == 0x0100);
  CHECK(frames[0].command == 67);
  frames = heard(decoder, measured(kOtherUp));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].remote == 0x505DE9);
  CHECK(frames[0].command == 11);
  CHECK(decoder.damaged() == 0);
}

TEST_CASE("the model receiver allows for clocks that are off, and for no more") {
  for (double scale : {0.85, 0.95, 1.05, 1.2}) {
    OokDecoder decoder;
    CAPTURE(scale);
    CHECK(heard(decoder, measured(kStop, scale)).size() == 1);
  }
  for (double scale : {0.6, 1.6}) {
    OokDecoder decoder;
    CAPTURE(scale);
    CHECK(heard(decoder, measured(kStop, scale)).empty());
  }
}

TEST_CASE("the model receiver refuses every frame with one wrong bit") {
  for (size_t bit = 0; bit < kStop.size(); ++bit) {
    std::string bits = kStop;
    bits[bit] = bits[bit] == '1' ? '0' : '1';
    OokDecoder decoder;
    CAPTURE(bit);
    CHECK(heard(decoder, measured(bits)).empty());
    CHECK(decoder.damaged() == 1);
    CHECK(heard(decoder, measured(kStop)).size() == 1);
  }
}

TEST_CASE("the model receiver refuses a frame with a pulse that is missing, cut in two, or too short") {
  const std::vector<Pulse> whole = measured(kStop);
  for (size_t at = 1; at + 1 < whole.size(); ++at) {
    CAPTURE(at);
    std::vector<Pulse> missing = whole;
    missing[at].carrier = !missing[at].carrier;
    OokDecoder first;
    CHECK(heard(first, missing).empty());
    std::vector<Pulse> cut = whole;
    cut[at].us = whole[at].us / 3;
    cut.insert(cut.begin() + static_cast<long>(at) + 1, {{!whole[at].carrier, whole[at].us / 3}, cut[at]});
    OokDecoder second;
    CHECK(heard(second, cut).empty());
  }
  // A glitch that the filter takes away is none.
  std::vector<Pulse> glitch = whole;
  glitch.insert(glitch.begin() + 20, {{!whole[20].carrier, 10}, {whole[20].carrier, 10}});
  OokDecoder decoder;
  CHECK(heard(decoder, glitch).size() == 1);
}

TEST_CASE("the model receiver hears a frame whatever came before it") {
  for (unsigned seed = 1; seed <= 500; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    OokDecoder decoder;
    std::vector<Pulse> noise;
    for (unsigned i = random() % 300; i > 0; --i)
      noise.push_back({random() % 2 == 0, static_cast<double>(1 + random() % (random() % 4 ? 700 : 7000))});
    // Or a frame without its end.
    std::vector<Pulse> part = measured(kUp);
    part.resize(random() % (part.size() - 2));
    noise.insert(noise.end(), part.begin(), part.end());
    heard(decoder, noise);
    auto frames = heard(decoder, measured(kStop));
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].command == 35);
  }
}
