// The bench console on USB serial, outside listening mode: one line in, one JSON line out, answered at once. Lines
// nobody asked for are objects with an `event` key.
//
//   ping TOKEN | info | status | move X | tilt X | calibrate X | identify X | schedule X | groups X |
//   owner X | household | board X | reset | help
#pragma once

#include "controller.h"
#include "line_port.h"
#include "line_reader.h"

namespace shade {

class Console : public Observer {
 public:
  Console(LinePort& port, Controller& controller, Board& board) : port_(port), controller_(controller), board_(board) {}

  void poll();
  void on_event(const char* kind, const char* data) override;
  // Says once that the device is about to reset, and why.
  void announce_reset(const char* reason);

 private:
  struct Command {
    const char* name;
    const char* usage;
    bool takes_argument;
    void (Console::*run)(const char* argument);
  };
  static const Command kCommands[];

  void answer(const char* line);
  void error(const char* what, const char* line);
  void ping(const char* argument);
  void info(const char* argument);
  void status(const char* argument);
  void move(const char* argument);
  void tilt(const char* argument);
  void calibrate(const char* argument);
  void identify(const char* argument);
  void schedule(const char* argument);
  void groups(const char* argument);
  void owner(const char* argument);
  void household(const char* argument);
  void board(const char* argument);
  void reset(const char* argument);
  void help(const char* argument);
  void result(const char* command, const char* argument, int result);

  LinePort& port_;
  Controller& controller_;
  Board& board_;
  LineReader reader_;
  bool reset_announced_ = false;
  char out_[512];
};

}  // namespace shade
