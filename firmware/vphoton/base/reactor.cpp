#include "base/reactor.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/monotonic.h"

namespace vphoton {
namespace {

constexpr uint64_t kLongestWaitMs = 3600 * 1000;

}  // namespace

Reactor::Reactor(Turns* turns) : turns_(turns), origin_us_(monotonic_us()) {}

Reactor::~Reactor() = default;

void Reactor::watch(int fd, short poll_events, FdHandler handler, bool pausable) {
  watches_[fd] = Watch{++generation_, poll_events, std::move(handler), pausable};
}

void Reactor::modify(int fd, short poll_events) {
  auto it = watches_.find(fd);
  if (it != watches_.end()) it->second.events = poll_events;
}

void Reactor::forget(int fd) {
  if (watches_.erase(fd) > 0 && turns_) turns_->forget(fd);
}

Reactor::TimerId Reactor::after(uint64_t delay_ms, TimerHandler handler, bool pausable) {
  TimerId id = next_id_++;
  by_id_[id] = timers_.emplace(now_us() + delay_ms * 1000, Timer{id, std::move(handler), pausable});
  return id;
}

void Reactor::cancel(TimerId id) {
  auto it = by_id_.find(id);
  if (it == by_id_.end()) return;
  timers_.erase(it->second);
  by_id_.erase(it);
}

bool Reactor::expire_next() {
  if (timers_.empty()) return false;
  auto first = timers_.begin();
  TimerHandler handler = std::move(first->second.handler);
  by_id_.erase(first->second.id);
  timers_.erase(first);
  ++handled_;
  handler();
  return true;
}

uint64_t Reactor::now_us() const { return monotonic_us() - origin_us_; }

uint64_t Reactor::now_ms() const { return now_us() / 1000; }

void Reactor::run_once(int max_wait_ms) {
  ++rounds_;
  int wait = max_wait_ms;
  auto next =
      std::find_if(timers_.begin(), timers_.end(), [this](const auto& each) { return !held(each.second.pausable); });
  if (next != timers_.end()) {
    uint64_t now = now_us();
    uint64_t due = next->first;
    // Rounded up: waking early would only spin.
    uint64_t until = due > now ? std::min((due - now + 999) / 1000, kLongestWaitMs) : 0;
    if (wait < 0 || until < static_cast<uint64_t>(wait)) wait = static_cast<int>(until);
  }

  struct Polled {
    int fd;
    uint64_t generation;
  };
  std::vector<pollfd> fds;
  std::vector<Polled> polled;
  fds.reserve(watches_.size());
  polled.reserve(watches_.size());
  for (const auto& [fd, watch] : watches_) {
    if (held(watch.pausable)) continue;
    fds.push_back({fd, watch.events, 0});
    polled.push_back({fd, watch.generation});
  }
  const bool ask = !turns_ || turns_->wait(fds, std::exchange(wait, 0));
  int ready = !ask || (fds.empty() && wait == 0) ? 0 : poll(fds.data(), fds.size(), wait);
  if (ready < 0 && errno != EINTR) return;

  for (size_t i = 0; ready > 0 && i < fds.size(); ++i) {
    if (fds[i].revents == 0) continue;
    auto it = watches_.find(polled[i].fd);
    if (it == watches_.end() || it->second.generation != polled[i].generation) continue;
    FdHandler handler = it->second.handler;  // a copy: the handler may forget its own descriptor
    ++handled_;
    handler(fds[i].revents);
  }

  // Only what is due now: a timer added by a handler with no delay waits for the next round, so that descriptors get
  // their turn.
  uint64_t now = asked_us_ = now_us();
  TimerId newest = next_id_;
  while (!timers_.empty()) {
    auto first = timers_.begin();
    while (first != timers_.end() && first->first <= now &&
           (first->second.id >= newest || held(first->second.pausable)))
      ++first;
    if (first == timers_.end() || first->first > now) break;
    TimerHandler handler = std::move(first->second.handler);
    by_id_.erase(first->second.id);
    timers_.erase(first);
    ++handled_;
    handler();
  }
}

}  // namespace vphoton
