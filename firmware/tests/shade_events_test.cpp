#include <doctest/doctest.h>

#include <initializer_list>
#include <string>

#include "shade/event_queue.h"
#include "shade/surface.h"
#include "shade_fakes.h"

using shade::EventQueue;

namespace {

struct Fixture {
  fakes::Clock clock;
  fakes::Publisher publisher;
  EventQueue queue{publisher, clock};

  void run_for(uint32_t ms) {
    for (uint32_t i = 0; i < ms; ++i) {
      ++clock.now;
      queue.tick();
    }
  }
};

}  // namespace

TEST_CASE("events wait for the cloud and come out in order") {
  Fixture f;
  f.publisher.online = false;
  f.queue.add(shade::event::boot, "{\"n\":1}");
  f.queue.add(shade::event::moved, "{\"n\":2}");
  f.run_for(60000);
  CHECK(f.publisher.attempts == 0);
  f.publisher.online = true;
  f.run_for(1000);
  REQUIRE(f.publisher.events.size() == 2);
  CHECK(f.publisher.events[0].name == "shade/boot");
  CHECK(f.publisher.events[0].data == "{\"n\":1}");
  CHECK(f.publisher.events[1].name == "shade/moved");
  CHECK(f.queue.waiting() == 0);
}

TEST_CASE("a refused event is kept, tried again once a second, and sent once") {
  Fixture f;
  f.publisher.accepts = false;
  f.queue.add(shade::event::boot, "{}");
  f.run_for(5000);
  CHECK(f.publisher.attempts == 5);
  CHECK(f.queue.waiting() == 1);
  f.publisher.accepts = true;
  f.run_for(5000);
  CHECK(f.publisher.events.size() == 1);
}

TEST_CASE("no more than the cloud accepts: five attempts take longer than a second") {
  Fixture f;
  for (int i = 0; i < 6; ++i) f.queue.add(shade::event::moved, "{}");
  std::vector<uint32_t> sent;
  while (f.publisher.events.size() < 6) {
    size_t before = f.publisher.events.size();
    f.run_for(1);
    if (f.publisher.events.size() != before) sent.push_back(f.clock.now);
  }
  for (size_t i = 5; i < sent.size(); ++i) CHECK(sent[i] - sent[i - 5] >= 1000);
}

TEST_CASE("when full an old moved gives way, and that is counted") {
  Fixture f;
  f.publisher.online = false;
  f.queue.add(shade::event::boot, "{}");
  for (int i = 0; i < 20; ++i) f.queue.add(shade::event::moved, std::to_string(i).c_str());
  CHECK(f.queue.waiting() == EventQueue::kCapacity);
  CHECK(f.queue.dropped() == 15);
  f.publisher.online = true;
  f.run_for(10000);
  REQUIRE(f.publisher.events.size() == EventQueue::kCapacity);
  CHECK(f.publisher.events.front().name == "shade/boot");
  CHECK(f.publisher.events.back().data == "19");
}

TEST_CASE("what is least important gives way first, faults last") {
  Fixture f;
  f.publisher.online = false;
  f.queue.add(shade::event::fault, "F");
  f.queue.add(shade::event::boot, "B");
  f.queue.add(shade::event::moved, "M");
  for (int i = 0; i < 3; ++i) f.queue.add(shade::event::fault, std::to_string(i).c_str());
  for (int i = 3; i < 6; ++i) f.queue.add(shade::event::fault, std::to_string(i).c_str());
  f.publisher.online = true;
  f.run_for(10000);
  std::string order;
  for (const auto& event : f.publisher.events) order += event.data;
  CHECK(order == "012345");
}

TEST_CASE("an event leaves the queue when the cloud has acknowledged it") {
  Fixture f;
  f.publisher.outcome = shade::Publisher::Sent::Waiting;
  f.queue.add(shade::event::moved, "1");
  f.queue.add(shade::event::boot, "2");
  f.run_for(10000);
  CHECK(f.publisher.attempts == 1);
  CHECK(f.queue.waiting() == 2);
  // What is on its way is not what gives way.
  for (int i = 3; i < 8; ++i) f.queue.add(shade::event::fault, std::to_string(i).c_str());
  f.publisher.outcome = shade::Publisher::Sent::Lost;
  f.run_for(1);
  f.publisher.outcome = shade::Publisher::Sent::Arrived;
  f.run_for(10000);
  std::string order;
  for (const auto& event : f.publisher.events) order += event.data;
  CHECK(order == "1134567");
}

TEST_CASE("an acknowledgement that never comes is not waited for") {
  Fixture f;
  f.publisher.outcome = shade::Publisher::Sent::Waiting;
  f.queue.add(shade::event::moved, "1");
  f.run_for(70000);
  CHECK(f.publisher.attempts == 2);
}

TEST_CASE("events wait over a reset; what memory is after a power cut is none") {
  Fixture f;
  f.publisher.online = false;
  f.queue.add(shade::event::fault, "1");
  f.queue.add(shade::event::moved, "2");
  {
    EventQueue after(f.publisher, f.clock);
    CHECK(after.waiting() == 2);
  }
  for (size_t byte = 0; byte < 200; byte += 3) {
    fakes::Publisher other;
    memcpy(other.memory, f.publisher.memory, sizeof other.memory);
    reinterpret_cast<uint8_t*>(other.memory)[byte] ^= 0x10;
    EventQueue after(other, f.clock);
    REQUIRE(after.waiting() == 1);
  }
  for (int byte : {0x00, 0xFF, 0x55}) {
    fakes::Publisher other;
    memset(static_cast<void*>(other.memory), byte, sizeof other.memory);
    EventQueue after(other, f.clock);
    CHECK(after.waiting() == 0);
  }
}

TEST_CASE("the queue's pauses survive the wrap of the clock") {
  Fixture f;
  f.clock.now = 0xFFFFFFFF - 100;
  f.queue.add(shade::event::moved, "1");
  f.queue.add(shade::event::moved, "2");
  f.run_for(301);
  CHECK(f.publisher.events.size() == 2);
}

TEST_CASE("events of every length wait over a reset") {
  for (size_t name : {1, 2, 35}) {
    for (size_t data : {0, 1, 159}) {
      Fixture f;
      f.publisher.online = false;
      f.queue.add(std::string(name, 'n').c_str(), std::string(data, 'd').c_str());
      EventQueue after(f.publisher, f.clock);
      REQUIRE(after.waiting() == 1);
      CHECK(std::string(f.publisher.memory[0].name) == std::string(name, 'n'));
      CHECK(std::string(f.publisher.memory[0].data) == std::string(data, 'd'));
    }
  }
}

TEST_CASE("what gives way is the oldest of the least important") {
  auto waits = [](std::initializer_list<const char*> names) {
    Fixture f;
    f.publisher.online = false;
    int number = 0;
    for (const char* name : names) f.queue.add(name, std::to_string(++number).c_str());
    std::string left;
    for (size_t i = 0; i < f.queue.waiting(); ++i) left += f.publisher.memory[i].data;
    return left;
  };
  const char *boot = "shade/boot", *moved = "shade/moved", *tilted = "shade/tilted", *fault = "shade/fault",
             *owner = "shade/owner";
  CHECK(waits({boot, boot, moved, boot, boot, boot, boot}) == "124567");
  CHECK(waits({boot, boot, tilted, boot, boot, boot, boot}) == "124567");
  CHECK(waits({tilted, moved, boot, boot, boot, boot, boot}) == "234567");
  CHECK(waits({boot, moved, tilted, moved, boot, boot, boot}) == "134567");
  CHECK(waits({owner, fault, boot, boot, fault, owner, boot}) == "124567");
  CHECK(waits({fault, owner, fault, owner, fault, owner, boot}) == "234567");
  CHECK(waits({owner, fault, fault, fault, fault, fault, boot}) == "234567");
}
