#include "learning.h"

namespace shade {

void Learning::add(Motion& motion, Driver& driver) {
  parts_[count_].motion = &motion;
  parts_[count_].driver = &driver;
  ++count_;
}

int Learning::start() {
  if (active()) return kBusy;
  part_ = 0;
  return go(Step::Opening);
}

int Learning::mark() {
  if (step_ == Step::Open) return go(Step::Closing);
  if (step_ == Step::Closed) return go(Step::Checking);
  return active() ? kBusy : kBadArgument;
}

int Learning::go(Step step) {
  step_ = step;
  int result = parts_[part_].motion->learn(step == Step::Closing ? 0 : 100);
  if (result < 0) give_up();
  return result < 0 ? result : 0;
}

Learning::Change Learning::tick(uint32_t now_ms) {
  if (!active()) return Change::None;
  bool waits = step_ == Step::Open || step_ == Step::Closed;
  bool moves = parts_[part_].motion->moving();
  if (waits) return moves || !at_end() || now_ms - since_ms_ >= kPatienceMs ? surprised() : Change::None;
  if (moves) return Change::None;
  return at_end() ? arrive(now_ms) : surprised();
}

// It stands where the step leads, and nothing is wrong with any part.
bool Learning::at_end() const {
  for (int i = 0; i < count_; ++i)
    if (parts_[i].motion->fault() != Fault::None) return false;
  bool closed = step_ == Step::Closing || step_ == Step::Closed;
  const Motion& motion = *parts_[part_].motion;
  return motion.known() && motion.position() == (closed ? 0 : 100);
}

Learning::Change Learning::arrive(uint32_t now_ms) {
  if (step_ == Step::Opening) return wait(Step::Open, now_ms);
  Part& part = parts_[part_];
  uint32_t counts = part.driver->way();
  if (step_ == Step::Closing) {
    part.way = counts;
    bool possible = counts >= Travel::least(Measure::Counts) && counts <= Travel::kMaxNumber;
    return possible ? wait(Step::Closed, now_ms) : surprised();
  }
  uint32_t apart = counts > part.way ? counts - part.way : part.way - counts;
  if (apart * 1000 > part.way * kMostApart) return surprised();
  if (part_ + 1 == count_) {
    step_ = Step::Off;
    return Change::Learnt;
  }
  ++part_;
  return go(Step::Opening) < 0 ? Change::GivenUp : Change::Step;
}

Learning::Change Learning::wait(Step step, uint32_t now_ms) {
  step_ = step;
  since_ms_ = now_ms;
  return Change::Step;
}

Learning::Change Learning::surprised() {
  give_up();
  return Change::GivenUp;
}

const char* Learning::step_name() const {
  static const char* const kNames[] = {"off", "opening", "open", "closing", "closed", "checking"};
  return kNames[static_cast<int>(step_)];
}

}  // namespace shade
