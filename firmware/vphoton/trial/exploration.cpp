#include "trial/exploration.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/log.h"

namespace vphoton::trial {
namespace {

constexpr uint64_t kMostAfter = 50000000;  // instructions after an interruption
constexpr uint32_t kMostExplored = 100000;
constexpr uint64_t kSoonUs = 20000;  // a thread whose wait ends by then may have its turn now

// Thrown through the application: the call has returned, or is too long.
struct Explored {};

void print_line(const std::string& line) {
  fputs((line + "\n").c_str(), stdout);
  fflush(stdout);
}

class Exploration : public Trial {
 public:
  Exploration(const Plan& plan, const ModuleImage& image) : Trial(plan, image) {}

  uint64_t slice() override {
    if (copied_ || plan().explore->after_ms > clock().ms()) return Trial::slice();
    const auto& processor = application().processor();
    const uint32_t pc = processor.regs.r[15];
    if (!walking_) {
      if (pc != plan().explore->begin || ++calls_ != plan().explore->call) return 1;
      walking_ = true;
      return_to_ = processor.regs.r[14] & ~1u;
      sp_ = processor.regs.r[13];
      depth_ = processor.calls();
      thread_ = application().threads().current().handle;
    } else if (!in_call()) {
      return 1;
    } else if (pc == return_to_ && processor.regs.r[13] == sp_ && processor.calls() == depth_) {
      returned_ = true;
      throw Explored{};
    }
    // Callbacks within the call are gone through, not explored.
    if (processor.calls() != depth_) return 1;
    if (instructions_ == 0) application().observe_memory(&accesses_);
    if (accesses_.take_any() || instructions_ == 0) {
      if (board().has_interrupts() && board().event_soon() && application().interruptible() && copy("interrupt", pc))
        return Trial::slice();
      if (application().preemptible()) {
        if (board().has_timers() && copy("timer", pc)) return Trial::slice();
        if (board().has_timers() || board().has_interrupts())
          for (const uint64_t ms : plan().explore->stalls_ms)
            if (copy("stall", pc, ms)) return Trial::slice();
        // The slice ends at once, and with it the tick comes.
        if (switch_us() && copy("thread", pc)) return 0;
      }
    }
    if (accesses_.take_outside() || instructions_ == 0 || served_ != host_calls()) {
      served_ = host_calls();
      copy("power", pc);
    }
    if (++instructions_ == kMostExplored) throw Explored{};
    return 1;
  }

  void turn() override {
    if (!walking_ || copied_) Trial::turn();
  }

  // The thread of the call keeps the processor until it waits.
  bool ticks() override { return (!walking_ || copied_ || !in_call()) && Trial::ticks(); }

  bool copied() const { return copied_; }
  std::string interruption() const { return interruption_; }
  std::string summary() const {
    return JsonObject()
        .add("done", true)
        .add("called", walking_)
        .add("returned", returned_)
        .add("instructions", static_cast<long long>(instructions_))
        .add("lost", static_cast<long long>(lost_))
        .str();
  }

 private:
  // What instructions have accessed since it was asked last.
  class Accesses : public machine::Observer {
   public:
    void instruction(const machine::Registers&, bool) override {}
    void read(uint32_t, uint32_t) override { any_ = true; }
    void written(uint32_t address, uint32_t) override {
      any_ = true;
      outside_ = outside_ || address - machine::kRamBase >= machine::kRamSize;
    }
    bool take_any() { return std::exchange(any_, false); }
    bool take_outside() { return std::exchange(outside_, false); }

   private:
    bool any_ = false;
    bool outside_ = false;
  };

  bool in_call() { return application().threads().current().handle == thread_; }

  // The application's own thread is ready, between two calls, when loop() is due.
  uint64_t ready_us(const system::Thread& thread) {
    if (thread.finished || thread.returned) return system::Thread::kNever;
    if (thread.waiting) return thread.wake_us;
    if (!thread.in_system) return 0;
    const bool between = &thread == &application().threads().main() && !thread.is_called();
    return between ? loop_due_us() : system::Thread::kNever;
  }

  // The tick with which another thread of at least the same priority can have its turn, if that is soon.
  std::optional<uint64_t> switch_us() {
    const system::Thread& current = application().threads().current();
    uint64_t soonest = system::Thread::kNever;
    for (const system::Thread& each : application().threads().all())
      if (&each != &current && each.priority >= current.priority) soonest = std::min(soonest, ready_us(each));
    if (soonest > clock().us() + kSoonUs) return std::nullopt;
    return std::max(soonest, (clock().ms() + 1) * 1000);
  }

  // True: this is the copy, and interrupted.
  bool copy(const std::string& kind, uint32_t pc, uint64_t stall_ms = 0) {
    fflush(stdout);
    const pid_t child = fork();
    if (child != 0) {
      int status = 0;
      if (child > 0) waitpid(child, &status, 0);
      if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) ++lost_;
      return false;
    }
    copied_ = true;
    application().observe_memory(nullptr);
    limit(kMostAfter);
    interruption_ = JsonObject()
                        .add("kind", kind)
                        .add("stall_ms", static_cast<long long>(stall_ms))
                        .add("instruction", static_cast<long long>(instructions_))
                        .add("pc", static_cast<long long>(pc))
                        .add("ms", static_cast<long long>(clock().ms()))
                        .add("console", static_cast<long long>(seen().console.size()))
                        .add("published", static_cast<long long>(seen().published.size()))
                        .str();
    if (kind == "interrupt") board().next_event();
    if (kind == "timer") board().next_timer();
    if (kind == "stall") board().advance(clock().us() + stall_ms * 1000);
    if (kind == "thread") clock().set(*switch_us());
    if (kind == "power") throw PowerCut{};
    return true;
  }

  int calls_ = 0;
  bool walking_ = false;
  bool copied_ = false;
  bool returned_ = false;
  uint32_t return_to_ = 0;
  uint32_t sp_ = 0;
  size_t depth_ = 0;
  uint32_t thread_ = 0;
  uint32_t instructions_ = 0;
  uint64_t served_ = 0;  // host calls at the last power cut
  Accesses accesses_;
  uint32_t lost_ = 0;  // copies that could not be made, or ended without a result
  std::string interruption_;
};

}  // namespace

int explore(const Plan& plan, const ModuleImage& image) {
  // In a process of its own, as all the others.
  if (const pid_t child = fork(); child == 0) {
    Trial trial(plan, image);
    trial.run();
    print_line(JsonObject().add_raw("interruption", "null").add_raw("outcome", trial.outcome()).str());
    _exit(0);
  } else if (child > 0) {
    waitpid(child, nullptr, 0);
  }
  Exploration exploration(plan, image);
  try {
    exploration.run();
  } catch (const Explored&) {
    keep_log(nullptr);
  }
  if (exploration.copied()) {
    print_line(JsonObject()
                   .add_raw("interruption", exploration.interruption())
                   .add_raw("outcome", exploration.outcome())
                   .str());
    _exit(0);
  }
  print_line(exploration.summary());
  return 0;
}

}  // namespace vphoton::trial
