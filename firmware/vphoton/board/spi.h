// SPI as the firmware uses it by DMA: bits that leave on MOSI (A5) at the speed of the clock, and those that come back
// on MISO (A4) meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/reactor.h"

namespace vphoton {

class Spi {
 public:
  // Of the bus SPI1 hangs on, before its divider: hal_spi_info() of Device OS 2.3.1 on a Photon.
  static constexpr uint32_t kBusHz = 60000000;

  explicit Spi(Reactor& reactor) : reactor_(reactor) {}

  // The firmware's side.
  void begin() { enabled_ = true; }
  void end();
  bool enabled() const { return enabled_; }
  void divide_by(uint32_t divider) { divider_ = divider; }  // 2 ... 256
  uint32_t hz() const { return kBusHz / divider_; }
  // Sends the bytes, most significant bit first; `done` gets what came back, as long as they are. Ignored while another
  // transfer is under way.
  void transfer(std::string sent, std::function<void(const std::string& received)> done);
  // One byte at once; what came back.
  uint8_t transfer(uint8_t byte) { return static_cast<uint8_t>(exchange(std::string(1, static_cast<char>(byte)))[0]); }
  bool busy() const { return timer_ != 0; }
  // The bytes that are not out yet stay where they are, and `done` is not called.
  void cancel();

  // The other side: `listener` gets what was sent when the last bit of it is out, and returns what came back; without
  // one that is all ones.
  void connect(std::function<std::string(const std::string& sent, uint32_t hz)> listener) {
    listener_ = std::move(listener);
  }

 private:
  std::string exchange(const std::string& sent);

  Reactor& reactor_;
  bool enabled_ = false;
  uint32_t divider_ = 4;
  Reactor::TimerId timer_ = 0;
  uint64_t began_us_ = 0;
  std::string sending_;
  std::function<std::string(const std::string& sent, uint32_t hz)> listener_;
};

}  // namespace vphoton
