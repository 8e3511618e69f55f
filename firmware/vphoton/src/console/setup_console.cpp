#include "console/setup_console.h"

namespace vphoton {
namespace {

constexpr size_t kLongestSsid = 32;
constexpr size_t kLongestPassword = 64;
constexpr size_t kClaimCodeSize = 63;
constexpr char kVersion[] = "2.3.1";

constexpr char kSecurityPrompt[] = "Security 0=unsecured, 1=WEP, 2=WPA, 3=WPA2, 4=WPA Enterprise, 5=WPA2 Enterprise: ";
constexpr char kCipherPrompt[] = "Security Cipher 1=AES, 2=TKIP, 3=AES+TKIP: ";
constexpr char kSaved[] =
    "Awesome. Now we'll connect!\r\n\r\n"
    "If you see a pulsing cyan light, your device \r\n"
    "has connected to the Cloud and is ready to go!\r\n\r\n"
    "If your LED flashes red or you encounter any other problems,\r\n"
    "visit https://www.particle.io/support to debug.\r\n\r\n"
    "    Particle <3 you!\r\n\r\n";

}  // namespace

void SetupConsole::restart() {
  reader_.reset();
  password_.clear();
}

void SetupConsole::feed(const std::string& data) {
  for (char c : data) {
    if (!reader_) {
      command(c);
      continue;
    }
    std::string echo;
    bool complete = reader_->feed(c, &echo);
    write_(echo);
    if (!complete) continue;
    std::string line = reader_->line();
    reader_.reset();
    (this->*next_)(line);
    return;
  }
}

void SetupConsole::command(char c) {
  switch (c) {
    case 'i':
      return write_("Your device id is " + host_.device_id() + "\r\n");
    case 'm':
      return write_("Your device MAC address is\r\n" + host_.mac_address_text() + "\r\n");
    case 'v':
      return write_(std::string("system firmware version: ") + kVersion + "\n\r\n");
    case 's':
      return write_("{" + host_.system_describe() + "}\r\n");
    case 'c':
      return write_(std::string("Device claimed: ") + (host_.claimed() ? "yes" : "no") + "\r\n");
    case 'C':
      return ask("Enter 63-digit claim code: ", kClaimCodeSize, &SetupConsole::on_claim_code);
    case 'w':
      return ask("SSID: ", kLongestSsid, &SetupConsole::on_ssid);
    case 'x':
      return host_.finish_setup();
    default:
      return;
  }
}

void SetupConsole::ask(const std::string& prompt, size_t most, Next next) {
  write_(prompt);
  reader_.emplace(most);
  next_ = next;
}

void SetupConsole::on_claim_code(const std::string& line) {
  if (line.size() == kClaimCodeSize && host_.store_claim_code(line))
    write_("Claim code set to: " + line + "\r\n");
  else
    write_("Sorry, claim code is not 63 characters long. Claim code unchanged.\r\n");
}

void SetupConsole::on_ssid(const std::string& line) {
  ssid_ = line;
  password_.clear();
  for (const auto& point : host_.scan()) {
    if (point.ssid != ssid_) continue;
    security_ = point.security;
    return ask_password_if_secured();
  }
  ask_security();
}

void SetupConsole::ask_security() { ask(kSecurityPrompt, 1, &SetupConsole::on_security); }

void SetupConsole::on_security(const std::string& line) {
  static constexpr uint32_t kNumbers[] = {wiced::kOpen, wiced::kWepPsk, wiced::kWpa, wiced::kWpa2};
  // 4 and 5, enterprise, are not modelled and count as no valid answer.
  if (line.size() != 1 || line[0] < '0' || line[0] > '3') return ask_security();
  security_ = kNumbers[line[0] - '0'];
  ask_cipher();
}

void SetupConsole::ask_cipher() { ask(kCipherPrompt, 1, &SetupConsole::on_cipher); }

void SetupConsole::on_cipher(const std::string& line) {
  static constexpr uint32_t kCiphers[] = {wiced::kAes, wiced::kTkip, wiced::kAes | wiced::kTkip};
  if (line.size() != 1 || line[0] < '1' || line[0] > '3') return ask_cipher();
  if (security_ & (wiced::kWpa | wiced::kWpa2)) security_ |= kCiphers[line[0] - '1'];
  ask_password_if_secured();
}

void SetupConsole::ask_password_if_secured() {
  if (security_ == wiced::kOpen) return save();
  ask("Password: ", kLongestPassword, &SetupConsole::on_password);
}

void SetupConsole::on_password(const std::string& line) {
  password_ = line;
  save();
}

void SetupConsole::save() {
  write_("Thanks! Wait while I save those credentials...\r\n\r\n");
  int result = host_.store_network(ssid_, password_, security_);
  password_.clear();
  if (result != kCredentialsStored) return write_("Derp. Sorry, we couldn't save the credentials.\r\n\r\n");
  write_(kSaved);
  host_.finish_setup();
}

}  // namespace vphoton
