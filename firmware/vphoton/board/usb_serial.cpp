#include "board/usb_serial.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "board/line_coding.h"

namespace vphoton {
namespace {

constexpr size_t kReceiveLimit = 4096;  // the host blocks beyond it, as it does on USB
constexpr int kTransmitBuffer = 128;
constexpr int kPollStepMs = 50;
// How old the event loop's word that nothing has come may be before an application that asks is answered by a look of
// its own: a look takes longer than many a loop().
constexpr uint64_t kFreshUs = 1000;

// Raw from the first byte on: what a host sends before it has set its own mode must not be echoed back.
bool make_raw(const char* name) {
  int slave = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) return false;
  termios mode;
  bool done = tcgetattr(slave, &mode) == 0;
  if (done) {
    cfmakeraw(&mode);
    mode.c_cflag |= CLOCAL | CREAD;
    done = tcsetattr(slave, TCSANOW, &mode) == 0;
  }
  close(slave);
  return done;
}

}  // namespace

UsbSerial::~UsbSerial() {
  if (watcher_ >= 0) {
    reactor_.forget(watcher_);
    close(watcher_);
  }
  if (master_ >= 0) close(master_);
}

std::string UsbSerial::open(const std::string& link, int inherited_master) {
  master_ = inherited_master;
  if (master_ >= 0) {
    fcntl(master_, F_SETFD, FD_CLOEXEC);
  } else {
    master_ = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master_ < 0 || grantpt(master_) != 0 || unlockpt(master_) != 0)
      return std::string("no pseudo-terminal can be made: ") + strerror(errno);
  }
  char name[128];
  if (ptsname_r(master_, name, sizeof name) != 0) return std::string("pseudo-terminal: ") + strerror(errno);
  if (inherited_master < 0 && (!make_raw(name) || !watch_settings(master_)))
    return std::string(name) + ": " + strerror(errno);
  // After a reset the host enumerates the device anew; its former port ends when whoever has it open leaves.
  former_ = inherited_master >= 0;
  if (former_ && !connected()) enumerate();
  speed_ = line_speed(master_);

  link_ = link;
  std::string fresh = link + ".new";
  unlink(fresh.c_str());
  if (symlink(name, fresh.c_str()) != 0 || rename(fresh.c_str(), link.c_str()) != 0)
    return link + ": " + strerror(errno);

  // With no host, poll() on the master reports a hang-up for ever. Edge-triggered, it is told once, and the first byte
  // of the next host wakes us again.
  watcher_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  if (watcher_ < 0 || epoll_ctl(watcher_, EPOLL_CTL_ADD, master_, &event) != 0)
    return std::string("epoll: ") + strerror(errno);
  reactor_.watch(watcher_, POLLIN, [this](short) {
    epoll_event ready{};
    epoll_wait(watcher_, &ready, 1, 0);
    fill();
    if (ready.events & EPOLLHUP) host_left();
  });
  return "";
}

void UsbSerial::remove_link() {
  if (!link_.empty()) unlink(link_.c_str());
}

bool UsbSerial::connected() {
  if (master_ < 0) return false;
  pollfd state{master_, POLLOUT, 0};
  return poll(&state, 1, 0) >= 0 && !(state.revents & POLLHUP);
}

void UsbSerial::enumerate() {
  former_ = false;
  set_default_speed(master_);
  speed_ = line_speed(master_);
}

// What a host did not read is not for the next one.
void UsbSerial::host_left() {
  if (connected()) return;
  if (former_) enumerate();
  watch_settings(master_);
  if (!unread_) return;
  unread_ = false;  // before the port is opened and closed below, which is one more hang-up
  char name[128];
  if (ptsname_r(master_, name, sizeof name) != 0) return;
  int slave = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) return;
  tcflush(master_, TCOFLUSH);
  tcflush(slave, TCIFLUSH);
  close(slave);
}

void UsbSerial::fill() {
  if (filling_ || master_ < 0) return;  // the console may pump the reactor while it writes
  filling_ = true;
  full_ = true;
  while (received_.size() - taken_ < kReceiveLimit) {
    char packet[1025];
    ssize_t got = ::read(master_, packet, sizeof packet);
    if (got < 0 && errno == EINTR) continue;
    bool told = got > 0 && packet[0] & kSettingsChanged;
    look_at_speed(told);  // before the bytes: a host sets the speed first
    if (got <= 0) {
      full_ = false;
      break;
    }
    if (packet[0] != 0) continue;
    std::string data(packet + 1, static_cast<size_t>(got) - 1);
    data.erase(0, console_ ? console_(data) : 0);
    received_ += data;
  }
  looked_us_ = reactor_.now_us();
  filling_ = false;
}

bool UsbSerial::may_have_more() {
  return full_ || reactor_.now_us() - std::max(looked_us_, reactor_.asked_us()) >= kFreshUs;
}

void UsbSerial::look_at_speed(bool told) {
  uint32_t now = line_speed(master_);
  if (!told && now == speed_) return;
  speed_ = now;
  if (on_speed_) on_speed_(now);
}

int UsbSerial::available() {
  if (taken_ == received_.size() && may_have_more()) fill();
  return static_cast<int>(received_.size() - taken_);
}

int UsbSerial::peek() { return available() > 0 ? static_cast<uint8_t>(received_[taken_]) : -1; }

int UsbSerial::read() {
  if (available() == 0) return -1;
  uint8_t byte = static_cast<uint8_t>(received_[taken_++]);
  if (taken_ == received_.size()) {
    received_.clear();
    taken_ = 0;
  }
  return byte;
}

bool UsbSerial::has_room() const {
  pollfd state{master_, POLLOUT, 0};
  return poll(&state, 1, 0) > 0 && (state.revents & POLLOUT) && !(state.revents & POLLHUP);
}

void UsbSerial::wait_for_room() {
  while (!has_room() && connected()) {
    // Watched anew each time: what runs meanwhile may write, too, and end by forgetting the descriptor.
    reactor_.watch(master_, POLLOUT, [](short) {});
    reactor_.run_once(kPollStepMs);
  }
  reactor_.forget(master_);
}

int UsbSerial::available_for_write() { return connected() && !has_room() ? 0 : kTransmitBuffer; }

size_t UsbSerial::write(const uint8_t* data, size_t size) {
  size_t done = 0;
  while (done < size && connected()) {
    ssize_t put = ::write(master_, data + done, size - done);
    if (put > 0) {
      done += static_cast<size_t>(put);
      unread_ = true;
    } else if (put < 0 && errno == EINTR) {
      continue;
    } else if (put < 0 && errno == EAGAIN) {
      wait_for_room();
    } else {
      break;
    }
  }
  // Without a host a Photon's bytes go nowhere, too.
  return size;
}

}  // namespace vphoton
