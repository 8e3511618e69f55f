// A place for a Photon without a process or a rack: a reset and a loss of power end the test's call by an exception.
#pragma once

#include "device/housing.h"

namespace vphoton::test {

class TestHousing : public Housing {
 public:
  struct Restarted {};
  struct Off {};

  explicit TestHousing(Turns* turns = nullptr) : turns_(turns) {}
  Turns* turns() override { return turns_; }
  bool shared() const override { return true; }
  [[noreturn]] void restart(const Resume&) override { throw Restarted(); }
  [[noreturn]] void off() override { throw Off(); }

 private:
  Turns* turns_;
};

}  // namespace vphoton::test
