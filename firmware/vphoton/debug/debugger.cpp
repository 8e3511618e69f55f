#include "debug/debugger.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/hex.h"
#include "base/json.h"
#include "debug/registers.h"
#include "debug/request.h"

namespace vphoton::debug {
namespace {

using machine::StopReason;
using machine::Watchpoint;

constexpr uint32_t kBkptSize = 2;

// A part of a document, as qXfer asks for it: "...:OFFSET,LENGTH".
std::string part_of(const std::string& document, const std::string& request) {
  const size_t colon = request.rfind(':');
  const auto asked = numbers(request.substr(colon), ":,");
  if (!asked || (*asked)[0] > document.size()) return kBadRequest;
  const size_t length = std::min<size_t>((*asked)[1], kPacketSize / 2);
  const bool last = (*asked)[0] + length >= document.size();
  return (last ? "l" : "m") + document.substr((*asked)[0], length);
}

}  // namespace

// --- the client's side

bool Debugger::receive(const std::string& bytes) {
  reader_.feed(bytes);
  std::string request;
  while (!detaching_ && !resetting_) {
    switch (reader_.next(request)) {
      case PacketReader::Item::Nothing:
        return true;
      case PacketReader::Item::NotThisProtocol:
        return false;
      case PacketReader::Item::Packet:
        if (acknowledges_) host_.send("+");
        if (!attached_) attach();
        handle(request);
        break;
      case PacketReader::Item::BadChecksum:
        if (acknowledges_) host_.send("-");
        break;
      case PacketReader::Item::Nack:
        if (acknowledges_ && !last_packet_.empty()) host_.send(last_packet_);
        break;
      case PacketReader::Item::Interrupt:
        if (attached_ && !stopped_) report(Signal::Interrupt);
        break;
      case PacketReader::Item::Ack:
        break;
    }
  }
  return resetting_;
}

void Debugger::attach() {
  attached_ = stopped_ = true;
  last_stop_ = "T05thread:" + number(top()) + ";";
}

void Debugger::detach() {
  const bool was_attached = attached_;
  breakpoints_.clear();
  watchpoints_.clear();
  apply_points();
  reader_ = {};
  last_packet_.clear();
  last_stop_.clear();
  attached_ = stopped_ = detaching_ = resetting_ = landing_ = false;
  acknowledges_ = true;
  extended_ = false;
  step_.reset();
  thread_ = 0;
  if (was_attached) host_.released();
}

std::string Debugger::carried() const {
  std::string points;
  for (const auto& [type, address] : breakpoints_)
    points += std::string(points.empty() ? "" : ",") + "\"Z" + type + ',' + number(address) + ",2\"";
  for (const auto& point : watchpoints_) {
    const char type = !point.reads ? '2' : point.writes ? '4' : '3';
    points += std::string(points.empty() ? "" : ",") + "\"Z" + type + ',' + number(point.address) + ',' +
              number(point.size) + '"';
  }
  return JsonObject()
      .add("stopped", stopped_)
      .add("landing", step_.has_value() || landing_)
      .add("acknowledges", acknowledges_)
      .add("extended", extended_)
      .add("unread", to_hex(reader_.unread()))
      .add_raw("points", "[" + points + "]")
      .str();
}

void Debugger::attach_again(const std::string& carried) {
  const auto state = JsonValue::parse(carried);
  if (!state) return;
  attach();
  stopped_ = state->bool_at("stopped").value_or(false);
  landing_ = state->bool_at("landing").value_or(false);
  acknowledges_ = state->bool_at("acknowledges").value_or(true);
  extended_ = state->bool_at("extended").value_or(false);
  reader_.feed(from_hex(state->string_at("unread").value_or("")).value_or(""));
  if (const JsonValue* points = state->find("points"))
    for (const auto& point : points->items) change_point(point.text);
}

void Debugger::handle(const std::string& request) {
  if (auto text = answer(request)) reply(*text);
}

// Nothing: there is no answer, or it comes later.
std::optional<std::string> Debugger::answer(const std::string& request) {
  switch (request.empty() ? '\0' : request[0]) {
    case '?':
      return last_stop_;
    case '!':
      extended_ = true;
      return kOk;
    case 'g':
      return all_registers();
    case 'G':
      return write_all_registers(request.substr(1));
    case 'p':
      return read_one_register(request);
    case 'P':
      return write_one_register(request);
    case 'm':
      return read_memory(request);
    case 'M':
    case 'X':
      return write_memory(request);
    case 'Z':
    case 'z':
      return change_point(request);
    case 'H':
      if (request.size() < 3 || (request[1] != 'g' && request[1] != 'c')) return kBadRequest;
      if (request[1] == 'g')
        thread_ = request[2] == '-' ? 0 : numbers(request.substr(1), "g").value_or(std::vector<uint32_t>{0})[0];
      return kOk;
    case 'T': {
      const auto thread = numbers(request, "T");
      return thread && registers_of((*thread)[0]) ? kOk : kBadRequest;
    }
    case 'c':
    case 'C':
    case 's':
    case 'S': {
      const std::string result = run_control(request);
      return result.empty() ? std::nullopt : std::optional(result);
    }
    case 'v':
      if (request == "vCont?") return "vCont;c;C;s;S;r";
      if (begins(request, "vCont;")) {
        const std::string result = run_control(request.substr(6));
        return result.empty() ? std::nullopt : std::optional(result);
      }
      return "";
    case 'q':
    case 'Q':
      return query(request);
    case 'R':  // no answer
      reset();
      return std::nullopt;
    case 'D':
      detaching_ = true;
      return kOk;
    case 'k':  // a device cannot be killed
      detaching_ = !extended_;
      return std::nullopt;
    default:
      return "";
  }
}

void Debugger::reply(const std::string& payload) {
  last_packet_ = packet(payload);
  host_.send(last_packet_);
}

void Debugger::report(Signal signal, const std::string& details) {
  stopped_ = true;
  landing_ = false;
  step_.reset();
  thread_ = 0;
  char head[8];
  snprintf(head, sizeof head, "T%02x", static_cast<unsigned>(signal));
  last_stop_ = head + details + "thread:" + number(top()) + ";";
  reply(last_stop_);
}

void Debugger::resume(std::optional<Step> step) {
  step_ = step;
  stopped_ = false;
  if (program_ && program_->processor().regs.r[15] == at_bkpt_) program_->processor().regs.r[15] += kBkptSize;
  at_bkpt_ = 1;
  host_.released();
}

// c, s and their kin, alone or as the first action of vCont: the highest context is the only one that can run.
std::string Debugger::run_control(const std::string& request) {
  if (!stopped_) return "";
  const char action = request.empty() ? '\0' : request[0];
  if (std::strchr("cCsSr", action) == nullptr || action == '\0') return kBadRequest;
  if ((action == 'c' || action == 's') && request.size() > 1 && std::isxdigit(static_cast<unsigned char>(request[1]))) {
    const auto address = numbers(request, std::string(1, action).c_str());
    if (!address || !program_) return kBadRequest;
    write_register(program_->processor().regs, 15, (*address)[0]);
  }
  if (action == 'c' || action == 'C' || !program_) {
    resume(std::nullopt);
    return "";
  }
  Step step{program_->processor().calls(), 0, 0, program_->base()};
  if (action == 'r') {
    const auto range = numbers(request, "r,");
    if (!range) return kBadRequest;
    step.begin = (*range)[0];
    step.end = (*range)[1];
  }
  resume(step);
  landing_ =
      base() == 0 && program_->processor().calls() == 0;  // not in the application: a step ends where it is called next
  return "";
}

std::optional<std::string> Debugger::query(const std::string& request) {
  if (begins(request, "qSupported"))
    return "PacketSize=" + number(kPacketSize) +
           ";QStartNoAckMode+;vContSupported+;qXfer:features:read+;qXfer:memory-map:read+";
  if (request == "QStartNoAckMode") {
    reply(kOk);
    acknowledges_ = false;
    return std::nullopt;
  }
  if (request == "qC") return "QC" + number(top());
  if (request == "qAttached") return "1";
  if (request == "qfThreadInfo") {
    std::string threads = "m" + number(top());
    for (uint32_t thread = top() - 1; thread > base(); --thread) threads += "," + number(thread);
    if (program_)
      for (const auto& each : program_->others()) threads += "," + number(each.number);
    return threads;
  }
  if (request == "qsThreadInfo") return "l";
  if (begins(request, "qThreadExtraInfo,")) {
    const auto thread = numbers(request.substr(16), ",");
    if (!thread || !registers_of((*thread)[0])) return kBadRequest;
    if (program_)
      for (const auto& each : program_->others())
        if (each.number == (*thread)[0]) return to_hex(each.about);
    if ((*thread)[0] != top()) return to_hex("interrupted by " + number((*thread)[0] + 1));
    if (!program_ || (base() == 0 && program_->processor().calls() == 0)) return to_hex("not in the application");
    const std::string activity = program_->activity();
    return to_hex(activity.empty() ? "application" : "in " + activity);
  }
  if (begins(request, "qXfer:features:read:target.xml:")) return part_of(target_description(), request);
  if (begins(request, "qXfer:memory-map:read::"))
    return program_ ? part_of(memory_map(program_->processor().memory().flash()), request) : kBadRequest;
  if (begins(request, "qRcmd,")) {
    const auto command = from_hex(request.substr(6));
    return command ? to_hex(monitor(*command)) : kBadRequest;
  }
  return "";
}

std::string Debugger::monitor(const std::string& command) {
  if (command != "reset") return "there is one command: monitor reset\n";
  reset();
  return "the device resets and stops at the application's first instruction; flushregs shows it\n";
}

void Debugger::reset() {
  stopped_ = resetting_ = true;
  host_.reset_wanted();
}

// --- the application's side

void Debugger::enter(Program& program) {
  program_ = &program;
  if (attached_) apply_points();
}

bool Debugger::took(const machine::Stop& stop) {
  if (!attached_) return false;
  switch (stop.reason) {
    case StopReason::Breakpoint:
      report(Signal::Trap);
      return true;
    case StopReason::BreakpointInstruction:
      at_bkpt_ = program_->processor().regs.r[15];
      report(Signal::Trap);
      return true;
    case StopReason::Watchpoint: {
      const auto watched = std::find_if(watchpoints_.begin(), watchpoints_.end(), [&stop](const Watchpoint& each) {
        return stop.address - each.address < each.size || each.address - stop.address < sizeof(uint32_t);
      });
      if (watched == watchpoints_.end()) return true;
      const uint32_t address = std::max(stop.address, watched->address);
      report_watched(*watched, address);
      return true;
    }
    case StopReason::Budget:
    case StopReason::Wait: {
      if (!stepping()) return false;
      const uint32_t pc = program_->processor().regs.r[15];
      if (pc < step_->begin || pc >= step_->end) report(Signal::Trap);
      return true;
    }
    case StopReason::Returned:
      if (stepping()) {
        landing_ = true;
        step_.reset();
      }
      return false;
    case StopReason::HostCall:
    case StopReason::Fault:
    case StopReason::SupervisorCall:
      return false;
  }
  return false;
}

void Debugger::served() {
  if (stepping()) {
    landing_ = true;
    step_.reset();
  }
}

void Debugger::stop(Signal signal, const std::string& why) {
  if (!attached_ || stopped_) return;
  reply("O" + to_hex(why + "\n"));
  report(signal);
}

}  // namespace vphoton::debug
