#include "system/instruments.h"

namespace vphoton::system {
namespace {

void append(std::string& list, const std::string& item) { list += (list.empty() ? "" : ",") + item; }

std::string pair(uint32_t begin, uint32_t end) { return "[" + std::to_string(begin) + "," + std::to_string(end) + "]"; }

}  // namespace

Instruments::Instruments(uint32_t code_begin, uint32_t code_size) : code_begin_(code_begin), executed_(code_size / 2) {}

int Instruments::called(int parent, uint32_t function) {
  auto& children = nodes_[static_cast<size_t>(parent)].called;
  if (auto found = children.find(function); found != children.end()) return found->second;
  const int made = static_cast<int>(nodes_.size());
  children.emplace(function, made);
  nodes_.push_back(Node{parent, function});
  return made;
}

void Instruments::entered(uint32_t function) {
  interrupted_.push_back({node_, std::move(frames_), last_});
  frames_.clear();
  node_ = called(0, function & ~1u);
  last_ = 0;
}

void Instruments::left() {
  node_ = interrupted_.back().node;
  frames_ = std::move(interrupted_.back().frames);
  last_ = interrupted_.back().expected;
  interrupted_.pop_back();
}

void Instruments::switched(uint32_t thread, uint32_t sp) {
  waiting_[thread_] = {node_, std::move(frames_), last_};
  Running& next = waiting_[thread_ = thread];
  node_ = next.node;
  frames_ = std::move(next.frames);
  last_ = next.last;
  memory_.stack_is_at(sp);
}

void Instruments::instruction(const machine::Registers& regs, bool executed) {
  const uint32_t pc = regs.r[15], lr = regs.r[14], sp = regs.r[13];
  memory_.instruction(pc, lr, sp);
  const size_t halfword = (pc - code_begin_) / 2;
  if (executed && halfword < executed_.size()) executed_[halfword] = true;
  // A call leaves the address behind itself, 2 or 4 bytes on, in LR.
  const uint32_t behind = (lr & ~1u) - last_;
  if (last_ != 0 && pc != last_ + behind && (behind == 2 || behind == 4)) {
    if (frames_.empty() || frames_.back().return_to != (lr & ~1u) || frames_.back().sp != sp) {
      frames_.push_back({lr & ~1u, sp});
      node_ = called(node_, pc);
    }
  } else {
    while (!frames_.empty() && frames_.back().sp <= sp && (pc == frames_.back().return_to || frames_.back().sp < sp)) {
      frames_.pop_back();
      node_ = nodes_[static_cast<size_t>(node_)].parent;
    }
  }
  ++nodes_[static_cast<size_t>(node_)].instructions;
  last_ = pc;
}

std::string Instruments::json() const {
  std::string executed, profile;
  for (size_t i = 0; i < executed_.size(); ++i) {
    if (!executed_[i]) continue;
    const size_t first = i;
    while (i < executed_.size() && executed_[i]) ++i;
    append(executed, pair(code_begin_ + 2 * static_cast<uint32_t>(first), code_begin_ + 2 * static_cast<uint32_t>(i)));
  }
  for (const Node& node : nodes_)
    append(profile, "[" + std::to_string(node.parent) + "," + std::to_string(node.function) + "," +
                        std::to_string(node.instructions) + "]");
  return "{\"memory\":" + memory_.findings() + ",\"executed\":[" + executed + "],\"profile\":[" + profile + "]}";
}

}  // namespace vphoton::system
