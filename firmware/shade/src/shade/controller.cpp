#include "controller.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <initializer_list>

#include "json_writer.h"
#include "numbers.h"
#include "surface.h"

namespace shade {

namespace {

const char* const kToGroup = "shade/to/";
const int kFactoryReset = 100;  // Device OS 2.3.1, its reset reasons

// In the place of a tilt that a variant does not have.
NoDriver no_driver;

}  // namespace

Controller::Controller(const Identity& identity, const Ports& ports)
    : identity_(identity),
      board_(ports.board),
      clock_(ports.clock),
      lift_driver_(ports.driver),
      tilt_driver_(ports.tilt),
      has_tilt_(ports.tilt != nullptr),
      lift_(*this, ports.driver, ports.clock, identity),
      tilt_(*this, ports.tilt ? *ports.tilt : static_cast<Driver&>(no_driver), ports.clock, identity),
      guard_(ports.guard),
      storage_(ports.storage),
      settings_(ports.storage),
      board_record_(ports.storage),
      household_(ports.storage),
      events_(ports.publisher, ports.clock),
      identifier_(ports.indicator, ports.clock),
      travel_(identity.travel) {
  snprintf(fw_, sizeof fw_, "%s %d%s", identity.variant, identity.version,
           identity.experimental ? " experimental" : "");
  lift_.motion.guard_with(lift_);
  tilt_.motion.guard_with(tilt_);
  learning_.add(lift_.motion, ports.driver);
  if (ports.tilt) learning_.add(tilt_.motion, *ports.tilt);
}

void Controller::start_outputs() {
  if (outputs_started_) return;
  outputs_started_ = true;
  foreign_board_ = !board_record_.belongs_to(identity_.variant);
  if (foreign_board_) {
    lift_.motion.disconnect();
    tilt_.motion.disconnect();
  } else {
    lift_.motion.begin();
    tilt_.motion.begin();
  }
}

void Controller::begin(Observer& observer) {
  start_outputs();
  observer_ = &observer;
  uptime_counted_ms_ = ticked_ms_ = heat_counted_ms_ = clock_.now_ms();
  // A new device is installed with the shade closed; so its position is known.
  Settings settings = {{0, true, false, 0}, {0, true, false, 0}, false, identity_.measure, identity_.travel};
  SettingsStore::Found found = settings_.load(settings);
  // Numbers in another measure say nothing about this motor, nor does the position that was counted with them.
  bool foreign = settings.measure != identity_.measure;
  settings_lost_ = found == SettingsStore::Found::Damaged || (foreign && settings.calibrated);
  bool usable = !settings_lost_ && !foreign && !foreign_board_;
  calibrated_ = usable && settings.calibrated;
  if (calibrated_) travel_ = settings.travel;
  run_s_ = settings.run_s;
  household_.load();
  // What the bootloader put back is the firmware; the rest was somebody's.
  bool reset_by_hand = board_.reset_reason() == kFactoryReset && household_.forget();
  snprintf(asks_, sizeof asks_, "shade/own/%s", board_.device_id());
  // Power lost in motion: the stored position is where the move began.
  lift_.motion.set_position(settings.lift.position, usable && settings.lift.known && !settings.lift.in_motion);
  tilt_.motion.set_position(settings.tilt.position,
                            !has_tilt_ || (usable && settings.tilt.known && !settings.tilt.in_motion));
  lift_.heat.restore(settings.lift.heat, settings.lift.in_motion);
  tilt_.heat.restore(settings.tilt.heat, settings.tilt.in_motion);
  apply_travel();
  if (!foreign_board_) place_drivers(settings.lift.position, settings.tilt.position);

  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.text("variant", identity_.variant).text("fw", fw_).number("reset", board_.reset_reason());
  json.number("position", position()).flag("calibrated", calibrated_);
  emit("boot", event::boot, data);
  if (reset_by_hand || household_.asks_release()) tell_owner(reset_by_hand);
  if (foreign_board_) raise(Fault::WrongBoard);
  if (settings_lost_) raise(Fault::SettingsLost);
  settle();
}

void Controller::place_drivers(uint16_t lift, uint16_t tilt) {
  lift_driver_.place(lift, travel_.first);
  if (tilt_driver_) tilt_driver_->place(tilt, travel_.second);
}

void Controller::apply_travel() {
  lift_.motion.set_travel(travel_);
  tilt_.motion.set_travel(travel_);
}

void Controller::tick() {
  uint32_t now = clock_.now_ms();
  uint32_t seconds = (now - uptime_counted_ms_) / 1000;
  uptime_s_ += seconds;
  uptime_counted_ms_ += seconds * 1000;
  ticked_ms_ = now;

  spend_heat(now);
  if (seconds > 0) {
    keep_schedule();
    ask_cloud();
  }
  if (cut_) {
    cut_ = false;
    for (Axis* axis : {&lift_, &tilt_})
      if (!rests(*axis)) axis->motion.fail(Fault::LoopStalled);
  }
  lift_.motion.tick();
  tilt_.motion.tick();
  settle();
  follow_learning();
  identifier_.tick();
  // Both may take as long as they like, and a motor may not wait for them.
  if (active()) {
    // A motor that nothing reaches waits for nothing, and its fault is to be told.
    if (unreachable()) events_.tick();
    return;
  }
  if (armed_) {
    armed_ = false;
    if (guard_) guard_->disarm();
  }
  storage_.tidy();
  events_.tick();
}

bool Controller::unreachable() const {
  bool faulty = false;
  for (const Axis* axis : {&lift_, &tilt_}) {
    if (!needs_rounds(*axis) && !axis->motion.moving()) continue;
    if (axis->motion.moving() || axis->motion.powered() || axis->motion.fault() == Fault::None) return false;
    faulty = true;
  }
  return faulty;
}

void Controller::watch() {
  if (!armed_) return;
  bool stands = clock_.now_ms() - ticked_ms_ >= kLongestLoopMs;
  if (!stands && !cut_) {
    if (guard_) guard_->renew();
    return;
  }
  for (Axis* axis : {&lift_, &tilt_}) {
    // Once more if it got power since: the loop stood still within the call that gives it.
    if (!cut_ || axis->motion.powered()) axis->motion.cut();
    // A stop that is a message is on its way for several rounds, and the loop gives none.
    axis->motion.carry_out();
  }
  cut_ = true;
}

// The journal says that the position is in doubt before it is, and the watchdog runs before there is something to
// watch.
void Controller::before_run(Axis& axis) {
  axis.starts = true;
  store();
  axis.starts = false;
  ticked_ms_ = clock_.now_ms();
  if (!armed_ && guard_) guard_->arm();
  armed_ = true;
}

void Controller::spend_heat(uint32_t now) {
  uint32_t elapsed = now - heat_counted_ms_;
  heat_counted_ms_ = now;
  for (Axis* axis : {&lift_, &tilt_}) {
    uint8_t duty = axis->motion.duty();
    axis->heat.spend(duty, elapsed);
    if (duty > 0) run_ms_ += elapsed;
    if (duty > 0 && axis->heat.exceeded()) axis->motion.fail(Fault::Overheated);
  }
  run_s_ += run_ms_ / 1000;
  run_ms_ %= 1000;
  if (run_s_ > SettingsStore::kMostRun) run_s_ = SettingsStore::kMostRun;
}

void Controller::begin_update() {
  updating_ = true;
  give_up_learning("update");
  halt("update");
}

void Controller::halt(const char* cause) {
  for (Axis* axis : {&lift_, &tilt_}) {
    if (!axis->motion.moving()) continue;
    axis->stopped_by = cause;
    axis->motion.stop();
  }
  settle();
}

uint32_t Controller::due_in() const {
  uint32_t lift = lift_.motion.due_in(), tilt = tilt_.motion.due_in();
  return lift < tilt ? lift : tilt;
}

// Stores and reports where things came to rest, whatever made them stop, and a driver that does not obey.
void Controller::settle() {
  bool lift = settle(lift_), tilt = settle(tilt_);
  bool heard = motor_heard(lift_), tilt_heard = motor_heard(tilt_);
  // What is stored since before the run says that the position is in doubt; that holds until the motor has its stop.
  if ((lift && rests(lift_)) || (tilt && rests(tilt_)) || heard || tilt_heard) store();
  if (lift) report_rest(lift_);
  if (tilt) report_rest(tilt_);
}

// Whether it has begun to move or come to rest.
bool Controller::settle(Axis& axis) {
  Fault fault = axis.motion.fault();
  if (fault != axis.reported) {
    axis.reported = fault;
    if (fault != Fault::None) raise(fault);
  }
  bool moves = axis.motion.moving();
  if (moves == axis.was_moving) return false;
  axis.was_moving = moves;
  if (moves) axis.stopped_by = nullptr;
  return true;
}

// Neither moves nor may do so, because its last command is on the way.
bool Controller::rests(const Axis& axis) { return !axis.motion.moving() && !axis.motion.pending(); }

// Whether the command that stopped it has reached the motor, which had not when that was stored.
bool Controller::motor_heard(Axis& axis) {
  bool was_pending = axis.was_pending;
  axis.was_pending = !axis.motion.moving() && axis.motion.pending();
  return was_pending && !axis.was_pending;
}

void Controller::report_rest(Axis& axis) {
  if (axis.was_moving) return;
  bool lift = &axis == &lift_;
  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.number(lift ? "position" : "tilt", axis.motion.position()).number("target", axis.motion.target());
  json.text("cause", cause_of_rest(axis));
  emit(lift ? "moved" : "tilted", lift ? event::moved : event::tilted, data);
}

// "arrived" is a promise: the position is the target, and is known by more than a travel time that was not measured or
// a switch that may be stuck.
const char* Controller::cause_of_rest(const Axis& axis) const {
  const Motion& motion = axis.motion;
  if (motion.fault() != Fault::None) return "fault";
  if (axis.stopped_by) return axis.stopped_by;
  // Elsewhere than told: at an end that was met, or, with none to meet, where a late stop left it.
  if (abs(motion.position() - motion.target()) > 1) return motion.finds_ends() ? "end" : "assumed";
  bool to_end = motion.target() == 0 || motion.target() == 100;
  if (motion.doubtful()) return "assumed";
  if (calibrated_ || identity_.measure == Measure::Motor || (to_end && motion.finds_ends())) return "arrived";
  return "assumed";
}

int Controller::move(const char* argument) { return command(lift_, argument); }

int Controller::tilt(const char* argument) {
  return has_tilt_ ? command(tilt_, argument) : static_cast<int>(kBadArgument);
}

int Controller::command(Axis& axis, const char* argument) {
  uint32_t target;
  if (strcmp(argument, "open") == 0) {
    target = 100;
  } else if (strcmp(argument, "close") == 0) {
    target = 0;
  } else if (strcmp(argument, "stop") == 0) {
    if (foreign_board_) return kFaulted;
    give_up_learning("stopped");
    axis.stopped_by = axis.motion.moving() ? "stopped" : nullptr;
    int result = axis.motion.stop();
    settle();
    return result;
  } else if (!read_number(argument, '\0', 100, target)) {
    return kBadArgument;
  }
  if (foreign_board_) return kFaulted;
  if (updating_) return kUpdating;
  if (learning_.active()) return kBusy;
  if (axis.heat.spent()) return kTooHot;
  int result = axis.motion.move_to(static_cast<int>(target));
  settle();
  return result;
}

int Controller::identify(const char* argument) {
  uint32_t seconds = Identifier::kDefaultSeconds;
  if (*argument && !read_number(argument, '\0', Identifier::kMaxSeconds, seconds)) return kBadArgument;
  if (seconds == 0) return kBadArgument;
  identifier_.start(seconds);
  return static_cast<int>(seconds);
}

int Controller::calibrate(const char* argument) {
  if (strcmp(argument, "learn") == 0 || strcmp(argument, "mark") == 0 || strcmp(argument, "cancel") == 0)
    return learn(argument);
  if (learning_.active()) return kBusy;
  Travel travel = identity_.travel;
  bool own = strcmp(argument, "reset") != 0;
  if (own) {
    const char* rest;
    if (!read_number(argument, ',', Travel::kMaxNumber, travel.first, &rest)) return kBadArgument;
    if (!read_number(rest, '\0', Travel::kMaxNumber, travel.second)) return kBadArgument;
    if (!travel.valid(identity_.measure)) return kBadArgument;
  }
  return set_travel(travel, own);
}

int Controller::set_travel(const Travel& travel, bool own) {
  if (moving()) return kBusy;
  Travel old_travel = travel_;
  bool old_calibrated = calibrated_;
  uint16_t lift = lift_.motion.hundredths(), tilt = tilt_.motion.hundredths();
  travel_ = travel;
  calibrated_ = own;
  if (!store()) {
    travel_ = old_travel;
    calibrated_ = old_calibrated;
    return kNotStored;
  }
  settings_lost_ = false;
  apply_travel();
  if (!foreign_board_) place_drivers(lift, tilt);
  return 0;
}

int Controller::learn(const char* argument) {
  if (identity_.measure != Measure::Counts) return kBadArgument;
  if (strcmp(argument, "cancel") == 0) {
    if (!learning_.active()) return kBadArgument;
    give_up_learning("stopped");
    return 0;
  }
  if (foreign_board_) return kFaulted;
  if (updating_) return kUpdating;
  if (lift_.heat.spent() || tilt_.heat.spent()) return kTooHot;
  bool starts = strcmp(argument, "learn") == 0;
  if (starts && moving()) return kBusy;
  bool was_active = learning_.active();
  int result = starts ? learning_.start() : learning_.mark();
  settle();
  if (result == 0)
    tell_learning(learning_.step_name(), 0);
  else if (was_active && !learning_.active())
    tell_learning("given_up", 0);
  return result;
}

// All is stored at once, and only when all of it is known.
void Controller::follow_learning() {
  Learning::Change change = learning_.tick(clock_.now_ms());
  if (change == Learning::Change::Step) {
    bool counted = learning_.step() == Learning::Step::Closed;
    tell_learning(learning_.step_name(), counted ? learning_.way(learning_.part()) : 0);
  } else if (change == Learning::Change::GivenUp) {
    tell_learning("given_up", learning_.counts());
  } else if (change == Learning::Change::Learnt) {
    Travel learnt = {learning_.way(0), has_tilt_ ? learning_.way(1) : travel_.second};
    bool stored = set_travel(learnt, true) == 0;
    tell_learning(stored ? "stored" : "not_stored", learning_.way(learning_.part()));
  }
}

void Controller::give_up_learning(const char* cause) {
  if (!learning_.active()) return;
  uint32_t counts = learning_.counts();
  learning_.give_up();
  halt(cause);
  tell_learning("given_up", counts);
}

void Controller::tell_learning(const char* step, uint32_t counts) {
  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.text("part", learning_part()).text("step", step).count("counts", counts);
  emit("learn", event::learn, data);
}

int Controller::tie_board(const char* variant) {
  if (strcmp(variant, identity_.variant) != 0) return kBadArgument;
  if (moving()) return kBusy;
  return board_record_.tie_to(variant) ? 0 : static_cast<int>(kNotStored);
}

bool Controller::name_site(const char* text) { return changed(household_.name_site(text)) == 0; }

int Controller::schedule(const char* argument) { return changed(household_.schedule().command(argument)); }

int Controller::groups(const char* argument) { return changed(household_.join(argument)); }

int Controller::owner(const char* argument) {
  bool cleared;
  int result = changed(household_.own(argument, cleared));
  if (cleared) {
    // What happened before is nobody else's business.
    events_.clear();
    scheduled_ = -1;
  }
  if (result == 0) tell_owner(cleared);
  asked_ = false;
  return result;
}

int Controller::changed(int result) {
  ++household_changes_;
  return result;
}

void Controller::tell_owner(bool cleared) {
  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.text("owner", household_.owner()).flag("release", household_.asks_release()).flag("cleared", cleared);
  emit("owner", event::owner, data);
}

void Controller::ask_release() {
  if (household_.ask_release()) tell_owner(false);
}

void Controller::addressed(const char* name, const char* data) {
  if (strcmp(name, asks_) == 0) {
    if (asked_) answered_ = true;
    return;
  }
  size_t prefix = strlen(kToGroup);
  if (strncmp(name, kToGroup, prefix) != 0 || !household_.in_group(name + prefix)) return;
  if (strncmp(data, "move ", 5) == 0)
    move(data + 5);
  else if (strncmp(data, "tilt ", 5) == 0)
    tilt(data + 5);
  else if (strncmp(data, "identify", 8) == 0)
    identify(data[8] == ' ' ? data + 9 : "");
}

void Controller::keep_schedule() {
  uint32_t utc = clock_.utc();
  int target = utc ? household_.schedule().due(utc) : -1;
  if (target >= 0) {
    scheduled_ = target;
    scheduled_s_ = uptime_s_;
  }
  if (scheduled_ < 0) return;
  char argument[12];
  snprintf(argument, sizeof argument, "%d", scheduled_);
  int result = move(argument);
  bool late = uptime_s_ - scheduled_s_ >= kScheduledS;
  if (result < 0 && late) {
    char data[EventQueue::kMaxData];
    JsonWriter json(data, sizeof data);
    json.number("target", scheduled_).number("result", result);
    emit("missed", event::missed, data);
  }
  if (result >= 0 || late) scheduled_ = -1;
}

// A private event to the owner's devices comes back only when there is an owner.
void Controller::ask_cloud() {
  if (!board_.cloud_connected()) {
    asked_ = false;
    return;
  }
  if (asked_ && uptime_s_ - asked_s_ >= kAskAgainS) asked_ = false;
  if (!asked_) {
    // Asking waits its turn behind what is to be told; so does its time.
    if (events_.waiting() > 0) return;
    events_.add(asks_, "owned");
    asked_ = true;
    answered_ = false;
    asked_s_ = uptime_s_;
  } else if (answered_) {
    answer_ = Answer::Owned;
  } else if (uptime_s_ - asked_s_ >= kAnswerS) {
    answer_ = Answer::Unowned;
  }
}

bool Controller::claimed() const { return answer_ == Answer::None ? board_.claimed() : answer_ == Answer::Owned; }

Fault Controller::fault() const {
  if (foreign_board_) return Fault::WrongBoard;
  if (lift_.motion.fault() != Fault::None) return lift_.motion.fault();
  if (tilt_.motion.fault() != Fault::None) return tilt_.motion.fault();
  if (storage_failed_) return Fault::Storage;
  return settings_lost_ ? Fault::SettingsLost : Fault::None;
}

void Controller::write_health(char* buffer, size_t size) {
  JsonWriter json(buffer, size);
  json.number("fault", static_cast<int>(fault())).flag("known", known()).flag("calibrated", calibrated_);
  json.flag("claimed", claimed());
  json.count("moves", lift_.motion.moves() + tilt_.motion.moves()).count("uptime", uptime_s_);
  json.number("reset", board_.reset_reason());
  json.count("free", board_.free_memory()).count("dropped", events_.dropped());
  json.number("rssi", board_.rssi()).count("run", run_s_).flag("time", clock_.utc() != 0);
}

AxisRecord Controller::record_of(const Axis& axis) const {
  return {axis.motion.hundredths(), axis.motion.known(), axis.starts || !rests(axis), axis.heat.seconds()};
}

bool Controller::store() {
  Settings settings = {record_of(lift_), record_of(tilt_), calibrated_, identity_.measure, travel_, run_s_};
  bool stored = settings_.save(settings);
  bool failed_before = storage_failed_;
  storage_failed_ = !stored;
  if (!stored && !failed_before) raise(Fault::Storage);
  return stored;
}

void Controller::raise(Fault fault) {
  char data[EventQueue::kMaxData];
  JsonWriter json(data, sizeof data);
  json.number("fault", static_cast<int>(fault)).text("text", fault_text(fault)).number("position", position());
  emit("fault", event::fault, data);
}

void Controller::emit(const char* kind, const char* name, const char* data) {
  events_.add(name, data);
  if (observer_) observer_->on_event(kind, data);
}

}  // namespace shade
