// Many Photons in one process and one thread, each with the image that its flash holds.
//
// Each runs on a fiber of its own, so that its application may wait at any depth while the others go on; one that
// computes gives the others a turn after each slice of its instructions. An image is decoded once, however many run it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/reactor.h"
#include "control/control_socket.h"
#include "device/options.h"
#include "rack/rack_slot.h"

namespace vphoton {

class Rack {
 public:
  // `options.state` is the folder of the devices' folders, `options.rack` how many there are; all else is for each
  // device.
  explicit Rack(Options options);
  ~Rack();
  Rack(const Rack&) = delete;
  Rack& operator=(const Rack&) = delete;

  // Finds or makes the devices. Empty return: done; otherwise what went wrong.
  std::string open();
  // The ready line on stdout.
  void announce() const;
  // Switches the devices on, one after the other, and runs them until a signal ends the process.
  [[noreturn]] void run();

  // For its slots.
  const Options& options() const { return options_; }
  int epoll() const { return epoll_; }
  // False: as many as a cloud is asked for at once have one.
  bool take_connecting_place();
  void free_connecting_place() { --connecting_; }
  // It gets a turn as soon as possible, or within so many milliseconds (-1: never, 0: after the others).
  void wake(RackSlot& slot);
  void wait(RackSlot& slot, int ms);

 private:
  struct Starting {
    RackSlot* slot;
    uint64_t since_us;
  };

  std::string find_devices();
  void take_turns();
  void wait_for_more();
  void switch_on();
  void take_events();
  std::string control(const JsonValue& request);
  std::string ask(RackSlot& slot, const JsonValue& request);
  std::string status();
  [[noreturn]] void end();

  Options options_;
  Reactor reactor_;
  ControlSocket control_;
  std::string folder_;  // absolute
  int lock_ = -1;
  int epoll_ = -1;
  std::vector<std::unique_ptr<RackSlot>> slots_;
  size_t switched_on_ = 0;  // of slots_
  std::vector<Starting> starting_;
  size_t connecting_ = 0;  // devices between their attempt and their session
  std::deque<RackSlot*> ready_;
  std::set<std::pair<uint64_t, RackSlot*>> deadlines_;
};

}  // namespace vphoton
