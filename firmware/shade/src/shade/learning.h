// Guided learning of the ways between the ends, for motors whose encoder counts them. Each part goes to its open end,
// to its closed end, and back to check; whoever watches marks an end that is one.
//
//   Off --start--> Opening --stands--> Open --mark--> Closing --stands--> Closed --mark--> Checking
//                     ^                                                                      | as many counts
//                     \-------------------------- the next part ----------------------------/--> Learnt
//
// Anything else that happens gives it up. Nothing is changed here: what was learnt is for the caller to keep, all of it
// at once.
#pragma once

#include "motion.h"

namespace shade {

class Learning {
 public:
  enum class Step : uint8_t { Off, Opening, Open, Closing, Closed, Checking };
  enum class Change { None, Step, Learnt, GivenUp };

  static constexpr uint32_t kPatienceMs = 600000;  // how long a mark is waited for
  static constexpr uint32_t kMostApart = 20;       // thousandths of the way that the way back may differ by

  void add(Motion& motion, Driver& driver);

  // Each returns 0 or a result below it; kBadArgument where there is nothing to mark.
  int start();
  int mark();
  void give_up() { step_ = Step::Off; }
  // In every loop; what became of it since.
  Change tick(uint32_t now_ms);

  bool active() const { return step_ != Step::Off; }
  Step step() const { return step_; }
  const char* step_name() const;
  // Which part's turn it is, in the order they were added.
  int part() const { return part_; }
  // Edges since the end before, of the part whose turn it is.
  uint32_t counts() const { return parts_[part_].driver ? parts_[part_].driver->way() : 0; }
  // Edges of a part's whole way, once it was closed.
  uint32_t way(int part) const { return parts_[part].way; }

 private:
  struct Part {
    Motion* motion = nullptr;
    Driver* driver = nullptr;
    uint32_t way = 0;
  };

  int go(Step step);
  Change arrive(uint32_t now_ms);
  Change wait(Step step, uint32_t now_ms);
  Change surprised();
  bool at_end() const;

  Part parts_[2];
  int count_ = 0;
  int part_ = 0;
  Step step_ = Step::Off;
  uint32_t since_ms_ = 0;  // that a mark is waited for
};

}  // namespace shade
