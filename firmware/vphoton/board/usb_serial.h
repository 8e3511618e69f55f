// USB serial as a pseudo-terminal with a name that stays.
//
// Until it is opened it is a port without a cable. In listening mode what the host sends goes to the setup console,
// otherwise to the firmware. The device keeps only the master side, so that it knows honestly whether a host has the
// port open.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/reactor.h"
#include "board/usb_port.h"

namespace vphoton {

class UsbSerial : public UsbSerialPort {
 public:
  explicit UsbSerial(Reactor& reactor) : reactor_(reactor) {}
  ~UsbSerial() override;

  // Makes the pseudo-terminal, or takes over the one of `inherited_master` (-1: none), and points `link` to it.
  // Empty return: done; otherwise what went wrong.
  std::string open(const std::string& link, int inherited_master);
  int master() const { return master_; }
  // Takes the link away.
  void remove_link();

  // `console` is offered what arrives and returns how much of it it took; the rest goes to the firmware.
  void set_console(std::function<size_t(const std::string& data)> console) { console_ = std::move(console); }

  // `handler` is told the line coding in bits/s each time a host sets it, before what that host sends then.
  void on_speed(std::function<void(uint32_t speed)> handler) { on_speed_ = std::move(handler); }

  void begin(long baud) override {}
  void end() override { received_.clear(); }
  bool connected() override;
  int available() override;
  int read() override;
  int peek() override;
  size_t write(const uint8_t* data, size_t size) override;
  int available_for_write() override;
  void flush() override {}  // what was written is with the operating system already

 private:
  void fill();
  bool may_have_more();
  void look_at_speed(bool told);
  void host_left();
  void enumerate();
  bool has_room() const;
  void wait_for_room();

  Reactor& reactor_;
  int master_ = -1;
  int watcher_ = -1;  // epoll instance around the master
  std::string link_;
  std::string received_;
  size_t taken_ = 0;     // of received_
  uint32_t speed_ = 0;   // as last looked at
  bool former_ = false;  // a host has the port open from before the reset
  bool filling_ = false;
  bool full_ = false;       // the last look ended before there was nothing left
  uint64_t looked_us_ = 0;  // when that was
  bool unread_ = false;     // something was written since a host left last
  std::function<size_t(const std::string&)> console_;
  std::function<void(uint32_t)> on_speed_;
};

}  // namespace vphoton
