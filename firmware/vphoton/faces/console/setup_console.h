// The console on USB serial while a Photon listens: single-character commands, two dialogues and YMODEM (Device OS
// 0.5 to 3.x; what differs is in ConsoleDialect).
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "faces/console/line_reader.h"
#include "faces/console/ymodem_receiver.h"
#include "system/services/dialect.h"
#include "system/services/setup_host.h"

namespace vphoton {

class SetupConsole {
 public:
  SetupConsole(SetupHost& host, std::function<void(const std::string&)> write)
      : host_(host), write_(std::move(write)) {}

  // Takes what arrived at once. A line that ends takes everything behind it with it: whoever does not wait for the
  // next prompt loses what they sent.
  void feed(const std::string& data);
  // Listening mode begins: nothing is left over from the last time.
  void restart();

  // A file is awaited or on its way: whoever feeds the console tells it by silence() when nothing came for so long.
  static constexpr uint64_t kSilenceMs = 5000;
  bool receiving() const { return receiver_.has_value(); }
  void silence();

 private:
  using Next = void (SetupConsole::*)(const std::string& line);

  void command(char c, const ConsoleDialect& dialect);
  std::string identity(const ConsoleDialect& dialect);
  void receive();
  void received(YmodemReceiver::Outcome outcome);
  void ask(const std::string& prompt, size_t most, Next next);
  void ask_pem(const std::string& prompt, Next next);
  bool line_complete();
  void on_claim_code(const std::string& line);
  void on_ssid(const std::string& line);
  void ask_security();
  void on_security(const std::string& line);
  void ask_cipher();
  void on_cipher(const std::string& line);
  void ask_credentials();
  void on_password(const std::string& line);
  void ask_eap_type();
  void on_eap_type(const std::string& line);
  void on_client_certificate(const std::string& pem);
  void on_private_key(const std::string& pem);
  void on_user_name(const std::string& line);
  void on_user_password(const std::string& line);
  void on_outer_identity(const std::string& line);
  void on_root_certificate(const std::string& pem);
  void save();
  void forget_secrets();

  SetupHost& host_;
  std::function<void(const std::string&)> write_;
  std::optional<YmodemReceiver> receiver_;
  std::optional<LineReader> reader_;
  bool pem_ = false;  // lines are gathered up to a blank one
  std::string pem_text_;
  bool after_return_ = false;  // the last character was CR
  Next next_ = nullptr;
  std::string ssid_;
  std::string password_;
  uint32_t security_ = 0;
  EapConfig enterprise_;
};

}  // namespace vphoton
