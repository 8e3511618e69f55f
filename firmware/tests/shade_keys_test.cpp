#include <doctest/doctest.h>

#include <initializer_list>

#include "shade/wall_keys.h"

using shade::Key;
using shade::WallKeys;

namespace {

// Contacts as they are for so many milliseconds, a look each; the keys pressed in them.
struct Wall {
  WallKeys keys;
  uint32_t now = 0xFFFFFF00;  // the clock wraps
  int ups = 0, stops = 0, downs = 0;
  void hold(bool up, bool stop, bool down, int ms) {
    for (int i = 0; i < ms; ++i) {
      Key key = keys.look(up, stop, down, now++);
      ups += key == Key::Up;
      stops += key == Key::Stop;
      downs += key == Key::Down;
    }
  }
  bool pressed(int up, int stop, int down) const { return ups == up && stops == stop && downs == down; }
};

}  // namespace

TEST_CASE("keys: each is pressed once, however long it is held") {
  Wall wall;
  wall.hold(false, false, false, 100);
  wall.hold(true, false, false, 1000);
  CHECK(wall.pressed(1, 0, 0));
  wall.hold(false, false, false, 100);
  wall.hold(false, true, false, 1000);
  CHECK(wall.pressed(1, 1, 0));
  wall.hold(false, false, false, 100);
  wall.hold(false, false, true, 1000);
  CHECK(wall.pressed(1, 1, 1));
}

TEST_CASE("keys: what bounces is pressed when it is still, and a spike is no press") {
  Wall wall;
  wall.hold(false, false, false, 100);
  wall.hold(true, false, false, 20);
  wall.hold(false, false, false, 500);
  CHECK(wall.pressed(0, 0, 0));
  for (int i = 0; i < 40; ++i) wall.hold(i % 2, false, false, 7);
  CHECK(wall.pressed(0, 0, 0));
  wall.hold(true, false, false, 100);
  CHECK(wall.pressed(1, 0, 0));
}

TEST_CASE("keys: two at once stop") {
  Wall wall;
  wall.hold(false, false, false, 100);
  wall.hold(true, false, false, 100);
  wall.hold(true, false, true, 100);
  CHECK(wall.pressed(1, 1, 0));
  wall.hold(true, false, false, 100);  // one of them let go of
  CHECK(wall.pressed(1, 1, 0));
}

TEST_CASE("keys: a contact that is closed at the start, or welded, moves nothing") {
  Wall wall;
  wall.hold(true, false, false, 10000);
  CHECK(wall.pressed(0, 0, 0));
  wall.hold(false, false, false, 100);
  wall.hold(true, false, false, 100);
  CHECK(wall.pressed(1, 0, 0));
}

TEST_CASE("keys: at the start nothing is about to be pressed, whichever contact is closed") {
  CHECK_FALSE(WallKeys().settling());
  for (int closed : {1, 2, 4, 7}) {
    CAPTURE(closed);
    Wall wall;
    wall.hold(closed & 1, closed & 2, closed & 4, 100);
    CHECK(wall.pressed(0, 0, 0));
    CHECK_FALSE(wall.keys.settling());
    wall.hold(false, false, false, 100);
    wall.hold(closed & 1, closed & 2, closed & 4, 31);
    CHECK(wall.ups + wall.stops + wall.downs == 1);
  }
}
