#include "trial/trial.h"

#include <algorithm>
#include <cstdio>

#include "base/json.h"
#include "base/log.h"
#include "device/resume.h"
#include "system/services/panic.h"
#include "trial/exploration.h"
#include "trial/seeded.h"

namespace vphoton::trial {
namespace {

constexpr uint64_t kSlice = 2000;  // 20 us
constexpr uint64_t kLoopUs = 20000;
constexpr uint64_t kMostInstructions = 2000000000;
constexpr int kMostStarts = 10;
constexpr uint64_t kLongestRestMs = 600000;  // beyond the plan's end: a delay() is not a hang

std::string value_json(const VariableValue& value) {
  if (auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (auto* whole = std::get_if<int32_t>(&value)) return std::to_string(*whole);
  if (auto* text = std::get_if<std::string>(&value)) return json_quote(*text);
  char text[32];
  snprintf(text, sizeof text, "%.17g", std::get<double>(value));
  return text;
}

std::string list(const std::string& items) { return "[" + items + "]"; }

void append(std::string& items, const std::string& item) { items += (items.empty() ? "" : ",") + item; }

}  // namespace

Trial::Trial(const Plan& plan, const ModuleImage& image) : plan_(plan), image_(image), left_(kMostInstructions) {}

std::string Trial::record() {
  std::string error;
  if (!plan_.record.empty()) recorder_ = PinRecorder::open(plan_.record, &error);
  return error;
}

void Trial::run() {
  keep_log(&log_);
  while (clock_.ms() < plan_.until_ms && !hung_) {
    try {
      start();
      live();
    } catch (const Restart& restart) {
      why_ = restart;
      append(restarts_, JsonObject()
                            .add("why", reset_reason_name(restart.reason))
                            .add("panic", restart.reason == ResetReason::Panic ? panic::describe(restart.data) : "")
                            .str());
    } catch (const PowerCut&) {
      why_ = {ResetReason::PowerDown, 0};
      append(restarts_, JsonObject().add("why", "power_cut").add("panic", "").str());
    } catch (const Hung&) {
      hung_ = true;
    }
    if (++start_ == kMostStarts) hung_ = true;
  }
  keep_log(nullptr);
  if (recorder_) recorder_->end(clock_.us());
}

void Trial::start() {
  user_part_.reset();
  board_.reset();
  board_ = std::make_unique<Board>(clock_, kept_, seen_, start_, plan_.wired_to, why_, plan_.seed.value_or(1));
  if (recorder_) board_->pins().record([this](int pin) { recorder_->changed(clock_.us(), board_->pins(), pin); });
  // Of several starts the last one's are told.
  if (plan_.instruments) instruments_ = std::make_unique<system::Instruments>(kUserPartAddress, kUserPartSize);
  std::string reason;
  user_part_ = system::Application::load(*board_, image_, board_->debug_port(), &reason, {this, instruments_.get()});
  if (!user_part_) throw Hung{};  // the module was looked at before
  user_part_->setup();
}

void Trial::live() {
  const uint64_t until = plan_.until_ms * 1000;
  while (clock_.us() < until) {
    while (step_ < plan_.steps.size() && plan_.steps[step_].at_ms <= clock_.ms()) perform(plan_.steps[step_++]);
    const uint64_t began = clock_.us();
    user_part_->loop();
    loop_due_us_ = std::min(began + kLoopUs, until);
    if (step_ < plan_.steps.size()) loop_due_us_ = std::min(loop_due_us_, plan_.steps[step_].at_ms * 1000);
    while (const auto due = user_part_->threads_due_ms()) {
      if (clock_.us() + uint64_t{*due} * 1000 >= loop_due_us_) break;
      board_->advance(clock_.us() + uint64_t{*due} * 1000);
      user_part_->run_threads();
    }
    board_->advance(std::max(loop_due_us_, clock_.us()));
  }
}

void Trial::perform(const Step& step) {
  if (step.pin >= 0)
    board_->pins().drive(step.pin, step.level);
  else if (step.function.empty())
    board_->usb().say(step.say + "\n");
  else if (const Function* function = board_->surface().find_function(step.function))
    function->call(step.argument);
}

void Trial::begins(system::Application& application) {
  application_ = &application;
  board_->runs(application_);
}

void Trial::ended() {
  application_ = nullptr;
  board_->runs(nullptr);
}

uint64_t Trial::slice() { return kSlice; }

void Trial::ran(uint64_t instructions) {
  instructions_ += instructions;
  clock_.ran(instructions);
  if (instructions > left_) throw Hung{};
  left_ -= instructions;
}

void Trial::turn() { board_->take_due(); }

bool Trial::ticks() { return std::exchange(last_tick_, clock_.ms()) != clock_.ms(); }

// An application whose threads wait for one another forever is one that hangs.
void Trial::rests(uint32_t ms) {
  if (clock_.ms() > plan_.until_ms + kLongestRestMs) throw Hung{};
  board_->advance(clock_.us() + uint64_t{ms} * 1000);
}

void Trial::calls(const char* function) {
  ++host_calls_;
  if (plan_.trace)
    printf("%s\n",
           JsonObject().add("instruction", static_cast<long long>(instructions_)).add("call", function).str().c_str());
}

std::string Trial::outcome() {
  std::string variables, published, console;
  // After the end of one that hangs, its functions are no longer called.
  if (!hung_ && user_part_) {
    limit(kMostInstructions);
    for (const Variable& variable : board_->surface().variables)
      append(variables, json_quote(variable.name) + ":" + value_json(variable.read()));
  }
  for (const auto& event : seen_.published)
    append(published, JsonObject().add("start", event.start).add("name", event.name).add("data", event.data).str());
  for (const auto& line : seen_.console)
    append(console, JsonObject().add("start", line.start).add("line", line.text).str());
  return JsonObject()
      .add("ms", static_cast<long long>(clock_.ms()))
      .add("instructions", static_cast<long long>(instructions_))
      .add("host_calls", static_cast<long long>(host_calls_))
      .add("hung", hung_)
      .add_raw("restarts", list(restarts_))
      .add_raw("variables", "{" + variables + "}")
      .add_raw("truth", board_ ? board_->truth() : "null")
      .add_raw("published", list(published))
      .add_raw("console", list(console))
      .add_raw("figures", user_part_ ? user_part_->figures() : "null")
      .add_raw("instruments", instruments_ ? instruments_->json() : "null")
      .add("log", log_)
      .str();
}

int run_trial(const std::string& plan_text, const std::string& module, std::string* error) {
  const auto plan = Plan::parse(plan_text, error);
  if (!plan) {
    *error = "--trial: " + *error;
    return 2;
  }
  std::string reason;
  const auto image = ModuleImage::parse(module, &reason);
  if (image) reason = image->why_not_runnable();
  if (!reason.empty()) {
    *error = "--firmware: the module " + reason;
    return 2;
  }
  if (plan->explore) return explore(*plan, *image);
  std::unique_ptr<Trial> trial;
  if (plan->seed)
    trial = std::make_unique<SeededTrial>(*plan, *image);
  else
    trial = std::make_unique<Trial>(*plan, *image);
  *error = trial->record();
  if (!error->empty()) return 2;
  trial->run();
  printf("%s\n", trial->outcome().c_str());
  return 0;
}

}  // namespace vphoton::trial
