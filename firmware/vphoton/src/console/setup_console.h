// The console on USB serial while a Photon listens: single-character commands and two dialogues (Device OS 2.3.1).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "console/line_reader.h"
#include "core/setup_host.h"

namespace vphoton {

class SetupConsole {
 public:
  SetupConsole(SetupHost& host, std::function<void(const std::string&)> write)
      : host_(host), write_(std::move(write)) {}

  // Takes what arrived at once. A line that ends takes everything behind it with it: whoever does not wait for the
  // next prompt loses what they sent.
  void feed(const std::string& data);
  // Listening mode begins: no dialogue is left over from the last time.
  void restart();

 private:
  using Next = void (SetupConsole::*)(const std::string& line);

  void command(char c);
  void ask(const std::string& prompt, size_t most, Next next);
  void on_claim_code(const std::string& line);
  void on_ssid(const std::string& line);
  void ask_security();
  void on_security(const std::string& line);
  void ask_cipher();
  void on_cipher(const std::string& line);
  void ask_password_if_secured();
  void on_password(const std::string& line);
  void save();

  SetupHost& host_;
  std::function<void(const std::string&)> write_;
  std::optional<LineReader> reader_;
  Next next_ = nullptr;
  std::string ssid_;
  std::string password_;
  uint32_t security_ = 0;
};

}  // namespace vphoton
