#include "debug/debugger.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "core/hex.h"
#include "core/json.h"
#include "debug/registers.h"

namespace vphoton::debug {
namespace {

using machine::Fault;
using machine::Registers;
using machine::StopReason;
using machine::Watchpoint;

constexpr size_t kMostPoints = 256;
constexpr size_t kMostMemory = kPacketSize / 2 - 16;  // bytes of an answer in hexadecimal
constexpr char kOk[] = "OK";
constexpr char kBadRequest[] = "E01";
constexpr char kNoMemory[] = "E0e";
constexpr uint32_t kBkptSize = 2;

bool begins(const std::string& text, const char* with) { return text.compare(0, std::strlen(with), with) == 0; }

// Numbers of a request, hexadecimal and each with the character before it: "m20000000,4" from the 'm' on is
// {0x20000000, 4} with separators "m,". Nothing if it looks otherwise.
std::optional<std::vector<uint32_t>> numbers(const std::string& text, const char* separators) {
  std::vector<uint32_t> found;
  const char* at = text.c_str();
  for (; *separators; ++separators) {
    if (*at++ != *separators || !std::isxdigit(static_cast<unsigned char>(*at))) return std::nullopt;
    char* end = nullptr;
    const unsigned long long value = std::strtoull(at, &end, 16);
    if (value > UINT32_MAX) return std::nullopt;
    found.push_back(static_cast<uint32_t>(value));
    at = end;
  }
  if (*at != '\0' && *at != ':' && *at != '=' && *at != ';') return std::nullopt;
  return found;
}

std::string number(uint32_t value) {
  char text[12];
  snprintf(text, sizeof text, "%x", value);
  return text;
}

// In the byte order of the target, as registers are sent.
std::string little_endian(uint32_t value, unsigned size) {
  std::string bytes(size, '\0');
  std::memcpy(bytes.data(), &value, size);
  return to_hex(bytes);
}

std::optional<uint32_t> from_little_endian(const std::string& hex, unsigned size) {
  const auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != size) return std::nullopt;
  uint32_t value = 0;
  std::memcpy(&value, bytes->data(), size);
  return value;
}

// A part of a document, as qXfer asks for it: "...:OFFSET,LENGTH".
std::string part_of(const std::string& document, const std::string& request) {
  const size_t colon = request.rfind(':');
  const auto asked = numbers(request.substr(colon), ":,");
  if (!asked || (*asked)[0] > document.size()) return kBadRequest;
  const size_t length = std::min<size_t>((*asked)[1], kPacketSize / 2);
  const bool last = (*asked)[0] + length >= document.size();
  return (last ? "l" : "m") + document.substr((*asked)[0], length);
}

const char* watch_name(const Watchpoint& point) {
  if (!point.reads) return "watch";
  return point.writes ? "awatch" : "rwatch";
}

// GDB looks at code to find the frames above it, and gives up where there is none: where calls of the system end and
// begin, it is shown a return.
std::optional<char> seeming_code(uint32_t address) {
  constexpr uint16_t kReturn = 0x4770;  // BX LR
  for (const auto& [base, size] : kSeemingCode)
    if (address - base < size) return static_cast<char>(address % 2 == 0 ? kReturn & 0xFF : kReturn >> 8);
  return std::nullopt;
}

// What the application could read there, byte by byte or in registers' own sizes; as much as there is.
std::string readable(machine::Memory& memory, uint32_t address, size_t size) {
  std::string found;
  while (found.size() < size) {
    const auto at = static_cast<uint32_t>(address + found.size());
    if (at < address) break;
    const size_t left = size - found.size();
    if (const uint8_t* byte = memory.bytes(at, 1)) {
      found += static_cast<char>(*byte);
      continue;
    }
    if (const auto byte = seeming_code(at)) {
      found += *byte;
      continue;
    }
    try {
      const bool whole = at % sizeof(uint32_t) == 0 && left >= sizeof(uint32_t);
      const uint32_t value = whole ? memory.read<uint32_t>(at) : memory.read<uint8_t>(at);
      found.append(reinterpret_cast<const char*>(&value), whole ? sizeof(uint32_t) : 1);
    } catch (const Fault&) {
      break;
    }
  }
  uint32_t ignored = 0;
  memory.take_watched(ignored);  // what the debugger reads is not what the application reads
  return found;
}

bool write(machine::Memory& memory, uint32_t address, const std::string& data) {
  if (data.empty()) return true;
  if (uint8_t* to = memory.writable(address, static_cast<uint32_t>(data.size()))) {
    std::memcpy(to, data.data(), data.size());
    return true;
  }
  try {
    size_t at = 0;
    while (at < data.size()) {
      const auto to = static_cast<uint32_t>(address + at);
      uint32_t word = 0;
      const bool whole = to % sizeof word == 0 && data.size() - at >= sizeof word;
      std::memcpy(&word, data.data() + at, whole ? sizeof word : 1);
      if (whole)
        memory.write<uint32_t>(to, word);
      else
        memory.write<uint8_t>(to, static_cast<uint8_t>(word));
      at += whole ? sizeof word : 1;
    }
  } catch (const Fault&) {
    return false;
  }
  uint32_t ignored = 0;
  memory.take_watched(ignored);
  return true;
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
  Step step{program_->processor().calls(), 0, 0};
  if (action == 'r') {
    const auto range = numbers(request, "r,");
    if (!range) return kBadRequest;
    step.begin = (*range)[0];
    step.end = (*range)[1];
  }
  resume(step);
  landing_ = program_->processor().calls() == 0;  // not in the application: a step ends where it is called next
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
    for (uint32_t thread = top() - 1; thread > 0; --thread) threads += "," + number(thread);
    return threads;
  }
  if (request == "qsThreadInfo") return "l";
  if (begins(request, "qThreadExtraInfo,")) {
    const auto thread = numbers(request.substr(16), ",");
    if (!thread || !registers_of((*thread)[0])) return kBadRequest;
    if ((*thread)[0] != top()) return to_hex("interrupted by " + number((*thread)[0] + 1));
    if (!program_ || program_->processor().calls() == 0) return to_hex("not in the application");
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

// Z or z, type, address, size.
std::string Debugger::change_point(const std::string& request) {
  if (request.size() < 2 || (request[0] != 'Z' && request[0] != 'z')) return kBadRequest;
  const char type = request[1];
  const auto place = numbers(request.substr(2), ",,");
  if (type < '0' || type > '4') return "";
  if (!place) return kBadRequest;
  const bool set = request[0] == 'Z';
  const uint32_t address = (*place)[0], size = (*place)[1];
  if (set && breakpoints_.size() + watchpoints_.size() >= kMostPoints) return kBadRequest;
  if (type <= '1') {
    if (set)
      breakpoints_.emplace(type, address & ~1u);
    else
      breakpoints_.erase({type, address & ~1u});
  } else {
    const Watchpoint point{address, size, type != '2', type != '3'};
    const auto same = std::find_if(watchpoints_.begin(), watchpoints_.end(), [&point](const Watchpoint& each) {
      return each.address == point.address && each.size == point.size && each.reads == point.reads &&
             each.writes == point.writes;
    });
    if (set && same == watchpoints_.end()) watchpoints_.push_back(point);
    if (!set && same != watchpoints_.end()) watchpoints_.erase(same);
  }
  apply_points();
  return kOk;
}

void Debugger::apply_points() {
  if (!program_) return;
  std::vector<uint32_t> addresses;
  for (const auto& [type, address] : breakpoints_) addresses.push_back(address);
  program_->processor().set_breakpoints(std::move(addresses));
  program_->processor().memory().set_watchpoints(watchpoints_);
}

// --- registers and memory

uint32_t Debugger::top() const {
  return program_ ? std::max<uint32_t>(1, static_cast<uint32_t>(program_->processor().calls())) : 1;
}

uint32_t Debugger::selected() const { return thread_ == 0 ? top() : thread_; }

// Null: there is no such thread, or no application.
const Registers* Debugger::registers_of(uint32_t thread) const {
  if (!program_ || thread == 0 || thread > top()) return nullptr;
  return thread == top() ? &program_->processor().regs : &program_->processor().interrupted()[thread];
}

std::string Debugger::all_registers() const {
  const Registers* registers = registers_of(selected());
  std::string text;
  for (const auto& each : kRegisters)
    text += little_endian(registers ? read_register(*registers, each.number) : 0, each.size);
  return text;
}

std::string Debugger::write_all_registers(const std::string& hex) {
  if (!program_ || selected() != top()) return kBadRequest;
  size_t at = 0;
  std::vector<uint32_t> values;
  for (const auto& each : kRegisters) {
    const auto value = at < hex.size() ? from_little_endian(hex.substr(at, 2 * each.size), each.size) : std::nullopt;
    if (!value) return kBadRequest;
    values.push_back(*value);
    at += 2 * each.size;
  }
  for (size_t i = 0; i < values.size(); ++i)
    write_register(program_->processor().regs, kRegisters[i].number, values[i]);
  return kOk;
}

std::string Debugger::read_one_register(const std::string& request) const {
  const auto asked = numbers(request, "p");
  const RegisterPlace* place = asked ? find_register((*asked)[0]) : nullptr;
  if (!place) return kBadRequest;
  const Registers* registers = registers_of(selected());
  return little_endian(registers ? read_register(*registers, place->number) : 0, place->size);
}

std::string Debugger::write_one_register(const std::string& request) {
  const auto asked = numbers(request, "P");
  const RegisterPlace* place = asked ? find_register((*asked)[0]) : nullptr;
  const size_t equals = request.find('=');
  if (!place || equals == std::string::npos || !program_ || selected() != top()) return kBadRequest;
  const auto value = from_little_endian(request.substr(equals + 1), place->size);
  if (!value) return kBadRequest;
  write_register(program_->processor().regs, place->number, *value);
  return kOk;
}

std::string Debugger::read_memory(const std::string& request) {
  const auto asked = numbers(request, "m,");
  if (!asked) return kBadRequest;
  if (!program_) return kNoMemory;
  const std::string bytes =
      readable(program_->processor().memory(), (*asked)[0], std::min<size_t>((*asked)[1], kMostMemory));
  return bytes.empty() && (*asked)[1] != 0 ? kNoMemory : to_hex(bytes);
}

// M with the bytes in hexadecimal, X with the bytes themselves.
std::string Debugger::write_memory(const std::string& request) {
  const size_t colon = request.find(':');
  if (colon == std::string::npos) return kBadRequest;
  const auto asked = numbers(request.substr(0, colon), request[0] == 'M' ? "M," : "X,");
  const std::string body = request.substr(colon + 1);
  const auto data = request[0] == 'M' ? from_hex(body) : std::optional(body);
  if (!asked || !data || data->size() != (*asked)[1]) return kBadRequest;
  if (!program_) return kNoMemory;
  return write(program_->processor().memory(), (*asked)[0], *data) ? kOk : kNoMemory;
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
      report(Signal::Trap, std::string(watch_name(*watched)) + ":" + number(address) + ";");
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

std::vector<std::string> Debugger::watched_bytes() const {
  std::vector<std::string> found;
  if (!program_) return found;
  for (const auto& point : watchpoints_) {
    const uint8_t* bytes = point.writes ? program_->processor().memory().bytes(point.address, point.size) : nullptr;
    found.push_back(bytes ? std::string(bytes, bytes + point.size) : std::string());
  }
  return found;
}

void Debugger::compare(const std::vector<std::string>& before) {
  if (stopped_ || before.size() != watchpoints_.size()) return;
  const auto now = watched_bytes();
  for (size_t i = 0; i < before.size(); ++i)
    if (now[i] != before[i])
      return report(Signal::Trap,
                    std::string(watch_name(watchpoints_[i])) + ":" + number(watchpoints_[i].address) + ";");
}

}  // namespace vphoton::debug
