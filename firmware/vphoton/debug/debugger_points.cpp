// Breakpoints and watchpoints of a debugger.
#include <algorithm>
#include <utility>

#include "debug/debugger.h"
#include "debug/request.h"

namespace vphoton::debug {
namespace {

using machine::Watchpoint;

constexpr size_t kMostPoints = 256;

const char* watch_name(const Watchpoint& point) {
  if (!point.reads) return "watch";
  return point.writes ? "awatch" : "rwatch";
}

}  // namespace

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

// The watchpoint of a stop that one has caused.
void Debugger::report_watched(const Watchpoint& point, uint32_t address) {
  report(Signal::Trap, std::string(watch_name(point)) + ":" + number(address) + ";");
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
    if (now[i] != before[i]) return report_watched(watchpoints_[i], watchpoints_[i].address);
}

}  // namespace vphoton::debug
