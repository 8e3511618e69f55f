#include "faces/cloud/pending_acks.h"

#include <utility>

namespace vphoton::cloud {

void PendingAcks::add(uint16_t id, uint64_t now_ms, Done done) {
  complete(id, false);  // the 16-bit id came round: the older message was never answered
  entries_[id] = {now_ms + kTimeoutMs, std::move(done)};
}

bool PendingAcks::complete(uint16_t id, bool ok) {
  auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  Done done = std::move(found->second.done);
  entries_.erase(found);  // first, because `done` may publish again
  if (done) done(ok);
  return true;
}

void PendingAcks::expire(uint64_t now_ms) {
  for (;;) {
    auto due = entries_.begin();
    while (due != entries_.end() && due->second.deadline > now_ms) ++due;
    if (due == entries_.end()) return;
    complete(due->first, false);
  }
}

void PendingAcks::fail_all() {
  while (!entries_.empty()) complete(entries_.begin()->first, false);
}

std::optional<uint64_t> PendingAcks::deadline() const {
  std::optional<uint64_t> earliest;
  for (const auto& [id, entry] : entries_)
    if (!earliest || entry.deadline < *earliest) earliest = entry.deadline;
  return earliest;
}

}  // namespace vphoton::cloud
