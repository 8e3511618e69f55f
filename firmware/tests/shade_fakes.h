// Stand-ins for what the shade is connected to, each able to fail.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "shade/console.h"
#include "shade/controller.h"

namespace fakes {

struct Clock : shade::Clock {
  uint32_t now = 1000;
  uint32_t utc_at_zero = 0;  // 0: the time is not known
  uint32_t now_ms() override { return now; }
  uint32_t utc() override { return utc_at_zero ? utc_at_zero + now / 1000 : 0; }
};

struct Driver : shade::Driver {
  explicit Driver(Clock& clock) : clock(clock) {}

  int ticks = 0;
  struct Act {
    char what;  // o open, c close, s stop, e at end
    uint32_t at;
  };
  Clock& clock;
  std::vector<Act> acts;
  bool begins = true, runs = true, stops = true, senses = false;
  uint32_t held_up_ms = 0;  // how long run() and stop() take
  shade::Leg last = {};
  shade::Feedback seen;
  std::pair<uint16_t, uint32_t> placed;

  bool act(char what, bool obeys) {
    acts.push_back({what, clock.now});
    return obeys;
  }
  std::string log() const {
    std::string text;
    for (const Act& a : acts) text += a.what;
    return text;
  }
  bool begin() override { return begins; }
  bool run(const shade::Leg& leg) override {
    last = leg;
    clock.now += held_up_ms;
    return act(leg.direction == shade::Direction::Open ? 'o' : 'c', runs);
  }
  void aim_at(const shade::Leg& leg) override { last = leg; }
  shade::Feedback feedback() override { return seen; }
  bool senses_ends() override { return senses; }
  void place(uint16_t hundredths, uint32_t counts) override { placed = {hundredths, counts}; }
  bool stop() override {
    clock.now += held_up_ms;
    return act('s', stops);
  }
  bool at_end() override { return act('e', true); }
  void tick(uint32_t) override { ++ticks; }
  uint32_t due_in(uint32_t) override { return kNothingDue; }
};

struct Storage : shade::Storage {
  uint8_t bytes[512];
  long left = -1;  // bytes until the power is cut; -1: never
  bool refuses = false;
  int writes = 0;
  Storage() { memset(bytes, 0xFF, sizeof bytes); }
  bool read(int address, void* data, size_t size) override {
    if (address < 0 || address + size > sizeof bytes) return false;
    memcpy(data, bytes + address, size);
    return true;
  }
  bool write(int address, const void* data, size_t size) override {
    ++writes;
    if (refuses || address < 0 || address + size > sizeof bytes) return false;
    for (size_t i = 0; i < size; ++i) {
      if (left == 0) return false;
      if (left > 0) --left;
      bytes[address + i] = static_cast<const uint8_t*>(data)[i];
    }
    return true;
  }
};

struct Publisher : shade::Publisher {
  bool online = true, accepts = true;
  int attempts = 0;
  struct Event {
    std::string name, data;
  };
  std::vector<Event> events;
  shade::WaitingEvent memory[shade::EventQueue::kCapacity] = {};
  Sent outcome = Sent::Arrived;
  Publisher() { events.reserve(64); }
  shade::WaitingEvent* places() override { return memory; }
  Sent sent() override { return outcome; }
  bool ready() override { return online; }
  bool publish(const char* name, const char* data) override {
    ++attempts;
    if (accepts) events.push_back({name, data});
    return accepts;
  }
};

struct Indicator : shade::Indicator {
  bool lit = false, taken = false;
  int changes = 0;
  void show(bool on) override {
    lit = on;
    taken = true;
    ++changes;
  }
  void release() override { taken = false; }
};

struct Board : shade::Board {
  bool connected = true, owned = false;
  int resets = 0;
  const char* device_id() override { return "0123456789abcdef01234567"; }
  const char* device_os() override { return "2.3.1"; }
  int reason = 140;
  int reset_reason() override { return reason; }
  uint32_t free_memory() override { return 40000; }
  bool cloud_connected() override { return connected; }
  bool claimed() override { return owned; }
  void reset() override { ++resets; }
};

struct Port : shade::LinePort {
  std::deque<char> in;
  std::vector<std::string> out;
  int read() override {
    if (in.empty()) return -1;
    char c = in.front();
    in.pop_front();
    return static_cast<unsigned char>(c);
  }
  void write_line(const char* text) override { out.push_back(text); }
  void type(const std::string& text) { in.insert(in.end(), text.begin(), text.end()); }
};

struct Observer : shade::Observer {
  std::vector<std::string> events;
  void on_event(const char* kind, const char* data) override { events.push_back(std::string(kind) + " " + data); }
};

// 10 s up, 8 s down, half a second between directions, a tenth more at the ends.
const shade::Identity kIdentity = {"sample", 20009, 7, false, {500, 10}, shade::Measure::Time, {10000, 8000}};

// A shade with everything it is connected to.
struct Rig {
  Clock clock;
  Driver driver{clock};
  Storage storage;
  Publisher publisher;
  Indicator indicator;
  Board board;
  Observer observer;
  shade::Controller controller{kIdentity, {driver, clock, storage, publisher, indicator, board, nullptr}};

  Rig() = default;
  explicit Rig(const Storage& stored) : storage(stored) {}
  void start() { controller.begin(observer); }
  // Loops every 5 ms.
  void run_for(uint32_t ms) {
    for (uint32_t end = clock.now + ms; clock.now != end;) {
      clock.now += end - clock.now < 5 ? end - clock.now : 5;
      controller.tick();
    }
  }
  void run_until_rest() {
    for (int i = 0; controller.moving() && i < 200000; ++i) run_for(5);
  }
};

}  // namespace fakes
