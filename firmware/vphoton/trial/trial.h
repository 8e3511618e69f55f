// A run of an application apart from everything outside, in time counted in its own instructions: the same plan gives
// the same run, to the instruction.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "board/pin_recorder.h"
#include "system/application.h"
#include "system/schedule.h"
#include "system/stored/module_image.h"
#include "trial/board.h"
#include "trial/plan.h"

namespace vphoton::trial {

// Thrown through the application: the power goes, and comes back at once.
struct PowerCut {};
// Likewise: the trial is over although the application has not come to rest.
struct Hung {};

class Trial : public system::Schedule {
 public:
  Trial(const Plan& plan, const ModuleImage& image);

  // Empty: the waveform is recorded that the plan asks for, if it does; else why not.
  std::string record();
  // To the end of the plan, over restarts.
  void run();
  // What it has come to, as a JSON object.
  std::string outcome();

  // Schedule: the system has its turn after a fixed number of instructions.
  void begins(system::Application& application) override;
  void ended() override;
  uint64_t slice() override;
  void ran(uint64_t instructions) override;
  void turn() override;
  bool ticks() override;
  void rests(uint32_t ms) override;
  void calls(const char* function) override;

 protected:
  Board& board() { return *board_; }
  Clock& clock() { return clock_; }
  system::Application& application() { return *application_; }
  const Plan& plan() const { return plan_; }
  uint64_t host_calls() const { return host_calls_; }
  const Seen& seen() const { return seen_; }
  uint64_t loop_due_us() const { return loop_due_us_; }
  // From now on the application gets so many more instructions before it counts as hung.
  void limit(uint64_t instructions) { left_ = instructions; }

 private:
  void start();
  void live();
  void perform(const Step& step);

  const Plan plan_;
  const ModuleImage& image_;
  Clock clock_;
  Kept kept_;
  Seen seen_;
  std::string log_;
  std::unique_ptr<PinRecorder> recorder_;
  std::unique_ptr<system::Instruments> instruments_;
  std::unique_ptr<Board> board_;
  std::unique_ptr<UserPart> user_part_;
  system::Application* application_ = nullptr;  // the same
  Restart why_{ResetReason::PowerDown, 0};
  std::string restarts_;  // JSON
  int start_ = 0;
  size_t step_ = 0;  // the next
  uint64_t instructions_ = 0;
  uint64_t last_tick_ = 0;  // in milliseconds
  uint64_t loop_due_us_ = 0;
  uint64_t left_;
  uint64_t host_calls_ = 0;
  bool hung_ = false;
};

// --trial: runs the plan, with one JSON object a line on stdout. The exit code of the program; 2 and `error` if the
// plan or the module is wrong.
int run_trial(const std::string& plan, const std::string& module, std::string* error);

}  // namespace vphoton::trial
