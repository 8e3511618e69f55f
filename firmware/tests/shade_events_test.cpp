#include <doctest/doctest.h>

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

TEST_CASE("the queue's pauses survive the wrap of the clock") {
  Fixture f;
  f.clock.now = 0xFFFFFFFF - 100;
  f.queue.add(shade::event::moved, "1");
  f.queue.add(shade::event::moved, "2");
  f.run_for(301);
  CHECK(f.publisher.events.size() == 2);
}
