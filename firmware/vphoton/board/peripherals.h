// Peripherals that a bench models outside of this process: what the pins, I2C, Serial1 and SPI do goes there, and what
// comes back is what the firmware finds there. One JSON object per line each way, on a Unix socket where the bench
// listens.
//
//   to the bench     {"pin":7,"level":1}           of an output that is listened to: 0, 1, or the duty of PWM
//                    {"serial1":"0a"}              sent without a gap
//                    {"i2c_write":72,"data":"00"}  answered {"acknowledged":true}
//                    {"i2c_read":72,"size":2}      answered {"acknowledged":true,"data":"1580"}
//                    {"spi":"8f00"}                answered {"data":"ff60"}
//   from the bench   {"drive":2,"level":0}, {"serial1":"0d0a"}
//
// What is to be answered has a number, "ask", and so has the answer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/connection.h"
#include "base/json.h"
#include "base/reactor.h"
#include "board/i2c.h"
#include "board/pins.h"
#include "board/spi.h"
#include "board/uart.h"

namespace vphoton {

class Peripherals {
 public:
  struct Board {
    Pins& pins;
    I2c& i2c;
    Uart& uart;
    Spi& spi;
  };
  // `stand_by` waits for something to happen, with the application standing still.
  Peripherals(Reactor& reactor, Board board, std::function<void()> stand_by)
      : reactor_(reactor), board_(board), stand_by_(std::move(stand_by)) {}

  // What is attached from now on, {"socket":PATH,"i2c":[72],"pins":[7],"serial1":true,"spi":true}; nothing without a
  // socket. `wired`: Serial1 and SPI lead to a model of this process. Empty return: done; otherwise what is wrong.
  std::string attach(const JsonValue& what, bool wired);
  // As attach() takes it, for the process that goes on after a reset.
  const std::string& attached() const { return attached_; }

 private:
  std::string connect(const std::string& path);
  void received(const std::string& data);
  void take(const JsonValue& line);
  void pin_changed(int pin);
  void tell(const std::string& line);
  // The answer; nothing if the bench is gone or does not answer.
  std::optional<JsonValue> ask(JsonObject question);
  bool listens_to(uint8_t address) const;
  bool i2c_write(uint8_t address, const std::string& bytes);
  std::optional<std::string> i2c_read(uint8_t address, size_t size);
  std::string exchange(const std::string& sent);

  Reactor& reactor_;
  Board board_;
  std::function<void()> stand_by_;
  std::string attached_;
  std::string path_;
  std::unique_ptr<Connection> connection_;
  std::string received_;
  int asked_ = 0;
  std::map<int, JsonValue> answers_;
  std::vector<int> addresses_;
  std::vector<int> pins_;
  bool heard_ = false;  // the pins have this as a listener
};

}  // namespace vphoton
