#include "rack/rack_slot.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "rack/rack.h"

namespace vphoton {
namespace {

// What ends one life of a device, from any depth of its stack.
struct Reset {
  Resume next;
};
struct PowerOff {};

int kept_open(int descriptor) { return descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 0); }

}  // namespace

RackSlot::RackSlot(Rack& rack, int number, std::string state, std::string id)
    : rack_(rack), label_(std::to_string(number)), state_(std::move(state)), id_(std::move(id)) {}

RackSlot::~RackSlot() = default;

void RackSlot::power_on() {
  fiber_ = std::make_unique<Fiber>([this] { live(); });
  rack_.wake(*this);
}

void RackSlot::turn() {
  if (!fiber_) return;
  log_as(&label_);
  fiber_->resume();
  log_as(nullptr);
  if (fiber_->over()) fiber_.reset();
}

void RackSlot::settle() {
  if (fiber_) fiber_->trim();
}

void RackSlot::live() {
  std::optional<Resume> resume;
  do resume = live_once(std::move(resume));
  while (resume);
}

std::optional<Resume> RackSlot::live_once(std::optional<Resume> resume) {
  std::optional<Resume> next;
  try {
    Options options = rack_.options();
    options.state = state_;
    options.device_id = id_;
    Photon photon(std::move(options), std::move(resume), *this);
    photon_ = &photon;
    const std::string error = photon.boot();
    if (error.empty()) photon.run();
    log_warning("%s; the device stays off", error.c_str());
  } catch (Reset& reset) {
    next = std::move(reset.next);
  } catch (const PowerOff&) {
  }
  photon_ = nullptr;
  connect_over();
  while (!registered_.empty()) forget(registered_.back().fd);
  return next;
}

void RackSlot::post(std::function<void(Photon&)> action) {
  if (!photon_) return;
  photon_->post([this, action = std::move(action)] { action(*photon_); });
  rack_.wake(*this);
}

bool RackSlot::wait(const std::vector<pollfd>& descriptors, int ms) {
  const auto is_wanted = [&](const pollfd& each) {
    return std::any_of(descriptors.begin(), descriptors.end(),
                       [&](const pollfd& wanted) { return wanted.fd == each.fd; });
  };
  for (size_t i = registered_.size(); i-- > 0;)
    if (!is_wanted(registered_[i])) forget(registered_[i].fd);
  for (const pollfd& wanted : descriptors) {
    auto found =
        std::find_if(registered_.begin(), registered_.end(), [&](const pollfd& each) { return each.fd == wanted.fd; });
    const bool there = found != registered_.end();
    if (there && found->events == wanted.events) continue;
    epoll_event event{};
    event.events = static_cast<uint32_t>(wanted.events);  // the bits of poll() are those of epoll
    event.data.ptr = this;
    epoll_ctl(rack_.epoll(), there ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, wanted.fd, &event);
    if (there)
      found->events = wanted.events;
    else
      registered_.push_back(wanted);
  }
  rack_.wait(*this, ms);
  fiber_->wait();
  return std::exchange(has_events, false) || ms == 0;
}

void RackSlot::forget(int descriptor) {
  auto found =
      std::find_if(registered_.begin(), registered_.end(), [&](const pollfd& each) { return each.fd == descriptor; });
  if (found == registered_.end()) return;
  epoll_ctl(rack_.epoll(), EPOLL_CTL_DEL, descriptor, nullptr);
  registered_.erase(found);
}

bool RackSlot::may_connect() {
  if (!connecting_) connecting_ = rack_.take_connecting_place();
  return connecting_;
}

void RackSlot::connect_over() {
  if (std::exchange(connecting_, false)) rack_.free_connecting_place();
}

// The Photon closes its descriptors with itself; the next one gets copies.
void RackSlot::restart(const Resume& next) {
  Reset reset{next};
  Resume& kept = reset.next;
  for (int* descriptor :
       {&kept.serial, &kept.softap_tcp, &kept.softap_http, &kept.kept_memory, &kept.debug.listener, &kept.debug.client})
    *descriptor = kept_open(*descriptor);
  throw reset;
}

void RackSlot::off() { throw PowerOff(); }

}  // namespace vphoton
