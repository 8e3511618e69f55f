#include "device/loop_pace.h"

#include <algorithm>

namespace vphoton {
namespace {

// Choices, too.
constexpr uint64_t kAwakePeriodUs = 40 * 1000;
// A switched output may have set something going that the firmware stops by the clock: shade's longest travel, 300 s
// and a tenth, and some more.
constexpr uint64_t kAfterOutputUs = 360ull * 1000 * 1000;

}  // namespace

void LoopPace::begins(uint64_t now_us, const Counts& counts) {
  if (counts.handled != handled_) stay_awake(now_us + rest_.after_event_us);
  handled_ = counts.handled;
  rounds_ = counts.rounds;
  began_us_ = now_us;
}

void LoopPace::ended(uint64_t now_us, const Counts& counts) {
  bool waited = counts.rounds != rounds_;  // in delay(): the firmware keeps time by it
  if (waited) stay_awake(now_us + rest_.after_event_us);
  if (counts.outputs != outputs_) stay_awake(now_us + kAfterOutputUs);
  outputs_ = counts.outputs;
  due_us_ = began_us_ + (hz_                        ? 1000000u / static_cast<unsigned>(hz_)
                         : now_us < awake_until_us_ ? kAwakePeriodUs
                                                    : rest_.period_us);
}

void LoopPace::stay_awake(uint64_t until_us) { awake_until_us_ = std::max(awake_until_us_, until_us); }

}  // namespace vphoton
