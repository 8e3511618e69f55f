#include "board/retained_memory.h"

#include <unistd.h>

#include <doctest/doctest.h>

#include <cstring>

using namespace vphoton;

TEST_CASE("backup RAM comes back in the same size only, and is kept only when asked for") {
  char before[8] = "counter", after[8] = "initial", other[4] = "abc";
  RetainedMemory first(-1);
  first.attach(before, sizeof before);
  CHECK(first.save() == -1);
  first.enable();
  int file = first.save();
  REQUIRE(file >= 0);

  RetainedMemory second(file);
  second.attach(after, sizeof after);
  CHECK(strcmp(after, "counter") == 0);
  RetainedMemory third(file);
  third.attach(other, sizeof other);
  CHECK(strcmp(other, "abc") == 0);
  close(file);
}
