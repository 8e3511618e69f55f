#include "rack/rack.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/hex.h"
#include "base/log.h"
#include "base/signals.h"

namespace vphoton {
namespace {

constexpr size_t kDeviceIdSize = 12;
constexpr int kEventsAtOnce = 256;
// Choices: a cloud that starts sessions one by one is not asked for all at once. The local cloud gives up the oldest of
// more than 1024 handshakes; thousands that try again each second would never come to an end.
constexpr size_t kConnectingAtOnce = 64;
constexpr size_t kStartingAtOnce = 64;
constexpr uint64_t kLongestStartUs = 5 * 1000 * 1000;
constexpr int kStartingWaitMs = 20;
constexpr uint64_t kLongestEndMs = 5000;
constexpr int kEndingWaitMs = 10;
constexpr rlim_t kDescriptorsBesides = 128;

// The answer to a request that a device has not come to yet.
struct Answer {
  std::string text;
  bool given = false;
};

std::string system_error(const std::string& what) { return what + ": " + strerror(errno); }

}  // namespace

Rack::Rack(Options options)
    : options_(std::move(options)), control_(reactor_, [this](const JsonValue& request) { return control(request); }) {}

Rack::~Rack() = default;

std::string Rack::open() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const rlim_t needed = static_cast<rlim_t>(options_.rack) + kDescriptorsBesides;
  if (files.rlim_cur < needed) {
    files.rlim_cur = std::min(needed, files.rlim_max);
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < needed)
      return std::to_string(options_.rack) + " devices need " + std::to_string(needed) + " open files, the limit is " +
             std::to_string(files.rlim_max) + "; raise it with ulimit -n";
  }
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return system_error("epoll");
  std::string error = find_devices();
  if (error.empty()) error = control_.open(folder_, "");
  if (error.empty()) error = on_end_signal(reactor_, [this] { end(); });
  if (!error.empty()) return error;
  reactor_.watch(epoll_, POLLIN, [this](short) { take_events(); });
  return "";
}

std::string Rack::find_devices() {
  namespace fs = std::filesystem;
  if (mkdir(options_.state.c_str(), 0700) != 0 && errno != EEXIST) return system_error(options_.state);
  char resolved[PATH_MAX];
  if (!realpath(options_.state.c_str(), resolved)) return system_error(options_.state);
  folder_ = resolved;
  lock_ = ::open((folder_ + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return system_error(folder_ + "/lock");
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0)
    return folder_ + ": another vphoton runs on this rack; end it first or name another folder";
  std::vector<std::string> ids;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(folder_, failed)) {
    auto id = from_hex(entry.path().filename().string());
    if (id && id->size() == kDeviceIdSize && entry.is_directory(failed)) ids.push_back(*id);
  }
  if (failed) return folder_ + ": " + failed.message();
  const auto count = static_cast<size_t>(options_.rack);
  if (ids.size() > count)
    return folder_ + " holds " + std::to_string(ids.size()) + " devices; give at least as many with --rack";
  while (ids.size() < count) {
    std::string id(kDeviceIdSize, '\0');
    if (getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) return system_error("random numbers");
    ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  for (size_t number = 0; number < count; ++number)
    slots_.push_back(
        std::make_unique<RackSlot>(*this, static_cast<int>(number), folder_ + "/" + to_hex(ids[number]), ids[number]));
  return "";
}

void Rack::announce() const {
  std::string line =
      JsonObject().add("rack", options_.rack).add("control", control_.path()).add("state", folder_).str();
  printf("%s\n", line.c_str());
  fflush(stdout);
}

void Rack::run() {
  while (true) {
    take_turns();
    wait_for_more();
  }
}

void Rack::take_turns() {
  switch_on();
  const uint64_t now = reactor_.now_us();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) wake(*deadlines_.begin()->second);
  for (size_t left = ready_.size(); left > 0; --left) {
    RackSlot& slot = *ready_.front();
    ready_.pop_front();
    slot.queued = false;
    if (slot.deadline_us) deadlines_.erase({*std::exchange(slot.deadline_us, std::nullopt), &slot});
    slot.turn();
  }
}

void Rack::wait_for_more() {
  int wait = -1;
  if (!ready_.empty()) {
    wait = 0;
  } else if (!deadlines_.empty()) {
    const uint64_t due = deadlines_.begin()->first, then = reactor_.now_us();
    wait = due > then ? static_cast<int>(std::min<uint64_t>((due - then + 999) / 1000, INT_MAX)) : 0;
  }
  if (switched_on_ < slots_.size() && (wait < 0 || wait > kStartingWaitMs)) wait = kStartingWaitMs;
  reactor_.run_once(wait);
}

void Rack::switch_on() {
  const uint64_t now = reactor_.now_us();
  const auto started = [now](const Starting& each) {
    const bool done = !each.slot->powered() || (each.slot->photon() && each.slot->photon()->settled());
    if (!done && now - each.since_us < kLongestStartUs) return false;
    each.slot->settle();
    return true;
  };
  starting_.erase(std::remove_if(starting_.begin(), starting_.end(), started), starting_.end());
  for (; starting_.size() < kStartingAtOnce && switched_on_ < slots_.size(); ++switched_on_) {
    slots_[switched_on_]->power_on();
    starting_.push_back({slots_[switched_on_].get(), now});
  }
}

bool Rack::take_connecting_place() {
  if (connecting_ >= kConnectingAtOnce) return false;
  ++connecting_;
  return true;
}

void Rack::wake(RackSlot& slot) {
  if (slot.deadline_us) deadlines_.erase({*std::exchange(slot.deadline_us, std::nullopt), &slot});
  if (!std::exchange(slot.queued, true)) ready_.push_back(&slot);
}

void Rack::wait(RackSlot& slot, int ms) {
  if (ms == 0) return wake(slot);
  if (ms < 0 || slot.queued) return;
  slot.deadline_us = reactor_.now_us() + static_cast<uint64_t>(ms) * 1000;
  deadlines_.insert({*slot.deadline_us, &slot});
}

void Rack::take_events() {
  epoll_event events[kEventsAtOnce];
  const int count = epoll_wait(epoll_, events, kEventsAtOnce, 0);
  for (int i = 0; i < count; ++i) {
    auto& slot = *static_cast<RackSlot*>(events[i].data.ptr);
    slot.has_events = true;
    wake(slot);
  }
}

std::string Rack::control(const JsonValue& request) {
  auto what = request.string_at("do");
  if (!what) return control_error("\"do\" is missing");
  if (!request.find("device")) {
    if (*what == "status") return status();
    return control_error(*what + " needs \"device\", its number");
  }
  auto number = request.int_at("device");
  if (!number || *number < 0 || static_cast<size_t>(*number) >= slots_.size())
    return control_error("\"device\" is a number from 0 to " + std::to_string(slots_.size() - 1));
  RackSlot& slot = *slots_[static_cast<size_t>(*number)];
  if (*what == "power" && request.bool_at("on").value_or(false)) {
    if (slot.powered()) return control_error("power: device " + std::to_string(*number) + " is on");
    slot.power_on();
    return JsonObject().add("ok", true).str();
  }
  return ask(slot, request);
}

// In the device's own turn, since it may make the application wait; the others go on meanwhile.
std::string Rack::ask(RackSlot& slot, const JsonValue& request) {
  if (!slot.photon()) return control_error("the device is off");
  auto answer = std::make_shared<Answer>();
  slot.post([answer, request](Photon& photon) {
    answer->text = photon.control(request);
    answer->given = true;
  });
  take_turns();
  while (!answer->given) {
    if (answer.use_count() == 1) return control_error("the device has reset meanwhile");
    wait_for_more();
    take_turns();
  }
  return answer->text;
}

std::string Rack::status() {
  int powered = 0, online = 0;
  for (const auto& slot : slots_) {
    powered += slot->powered();
    online += slot->photon() && slot->photon()->connected();
  }
  return JsonObject().add("ok", true).add("rack", options_.rack).add("powered", powered).add("online", online).str();
}

void Rack::end() {
  switched_on_ = slots_.size();  // those that are still off stay so
  for (const auto& slot : slots_) slot->post([](Photon& photon) { photon.switch_off(); });
  const uint64_t until = reactor_.now_ms() + kLongestEndMs;
  const auto powered = [](const auto& slot) { return slot->powered(); };
  take_turns();
  while (std::any_of(slots_.begin(), slots_.end(), powered) && reactor_.now_ms() < until) {
    reactor_.run_once(kEndingWaitMs);
    take_turns();
  }
  control_.remove();
  _exit(0);
}

}  // namespace vphoton
