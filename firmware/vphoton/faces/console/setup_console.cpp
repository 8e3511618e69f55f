#include "faces/console/setup_console.h"

namespace vphoton {
namespace {

constexpr size_t kLongestSsid = 32;
constexpr size_t kLongestText = 64;  // password, user name, identity
constexpr size_t kClaimCodeSize = 63;
constexpr size_t kLongestPemLine = 1024;  // a choice
constexpr uint32_t kWpaMask = wiced::kWpa | wiced::kWpa2;

constexpr char kOldSecurityPrompt[] = "Security 0=unsecured, 1=WEP, 2=WPA, 3=WPA2: ";
constexpr char kSecurityPrompt[] = "Security 0=unsecured, 1=WEP, 2=WPA, 3=WPA2, 4=WPA Enterprise, 5=WPA2 Enterprise: ";
constexpr char kCipherPrompt[] = "Security Cipher 1=AES, 2=TKIP, 3=AES+TKIP: ";
constexpr char kWaitingForFile[] = "Waiting for the binary file to be sent ... (press 'a' to abort)\r\n";
constexpr char kSaved[] =
    "Awesome. Now we'll connect!\r\n\r\n"
    "If you see a pulsing cyan light, your device \r\n"
    "has connected to the Cloud and is ready to go!\r\n\r\n"
    "If your LED flashes red or you encounter any other problems,\r\n"
    "visit https://www.particle.io/support to debug.\r\n\r\n"
    "    Particle <3 you!\r\n\r\n";

}  // namespace

void SetupConsole::restart() {
  if (receiver_) host_.ota_dropped();
  receiver_.reset();
  reader_.reset();
  pem_ = false;
  forget_secrets();
}

void SetupConsole::forget_secrets() {
  password_.clear();
  pem_text_.clear();
  enterprise_ = EapConfig();
}

void SetupConsole::feed(const std::string& data) {
  ConsoleDialect dialect = ConsoleDialect::of(host_.system_version());
  for (char c : data) {
    if (receiver_) {
      received(receiver_->feed(c));
      continue;
    }
    if (!reader_) {
      command(c, dialect);
      continue;
    }
    bool second_half = pem_ && c == '\n' && after_return_;
    after_return_ = c == '\r';
    if (second_half) continue;
    std::string echo;
    bool complete = reader_->feed(c, &echo);
    write_(echo);
    if (!complete || !line_complete()) continue;
    std::string line = pem_ ? pem_text_ : reader_->line();
    reader_.reset();
    pem_ = false;
    (this->*next_)(line);
    return;
  }
}

// False if it is one more line of a text that ends with a blank one.
bool SetupConsole::line_complete() {
  if (!pem_ || reader_->line().empty()) return true;
  pem_text_ += reader_->line() + "\n";
  reader_.emplace(kLongestPemLine);
  return false;
}

void SetupConsole::command(char c, const ConsoleDialect& dialect) {
  switch (c) {
    case 'i':
      return write_(identity(dialect));
    case 'm':
      return write_("Your device MAC address is\r\n" + host_.mac_address_text() + "\r\n");
    case 'v':
      return write_("system firmware version: " + host_.system_version() + "\n\r\n");
    case 's':
      return write_("{" + host_.system_describe() + "}\r\n");
    case 'f':
      write_(kWaitingForFile);
      return receive();
    case YmodemReceiver::kShortPacket:
    case YmodemReceiver::kLongPacket:
      receive();
      return received(receiver_->feed(c));
    case 'w':
      return ask("SSID: ", kLongestSsid, &SetupConsole::on_ssid);
    case 'x':
      return host_.finish_setup();
    case 'L':
      return host_.restart_listening();
    case 'c':
      if (dialect.claiming) write_(std::string("Device claimed: ") + (host_.claimed() ? "yes" : "no") + "\r\n");
      return;
    case 'C':
      if (dialect.claiming) ask("Enter 63-digit claim code: ", kClaimCodeSize, &SetupConsole::on_claim_code);
      return;
    case 'd':
      if (dialect.diagnostics) write_(host_.diagnostics() + "\r\n");
      return;
    default:
      return;
  }
}

// Device OS: units with a serial number or a secret tell everything, from the version on that knows of them (which one
// is a choice: the first that was modelled with WPA enterprise).
std::string SetupConsole::identity(const ConsoleDialect& dialect) {
  std::string number = host_.serial_number(), secret = host_.device_secret();
  if (!dialect.enterprise || (number.empty() && secret.empty()))
    return "Your device id is " + host_.device_id() + "\r\n";
  std::string text = "Device ID: " + host_.device_id() + "\r\n";
  if (!secret.empty()) text += "Device Secret: " + secret + "\r\n";
  if (!number.empty()) text += "Serial Number: " + number + "\r\n";
  return text;
}

void SetupConsole::receive() { receiver_.emplace(host_, write_); }

void SetupConsole::silence() {
  if (receiver_) received(receiver_->silence());
}

void SetupConsole::received(YmodemReceiver::Outcome outcome) {
  using Outcome = YmodemReceiver::Outcome;
  if (outcome == Outcome::Receiving) return;
  YmodemReceiver receiver = std::move(*receiver_);
  receiver_.reset();
  if (outcome != Outcome::Done) host_.ota_dropped();
  switch (outcome) {
    case Outcome::Receiving:
      return;
    case Outcome::Done:
      write_("\r\nDownloaded file successfully!\r\nName: " + receiver.name() + "\r\nSize: " +
             std::to_string(receiver.size()) + " bytes\r\nRestarting system to apply firmware update...\r\n");
      return host_.ota_apply();
    case Outcome::TooLarge:
      return write_("The file size is higher than the allowed space memory!\r\n");
    case Outcome::NotSaved:
      return write_("Failed to save chunk!\r\n");
    case Outcome::Invalid:
      return write_("Validation failed: " + std::to_string(receiver.error()) + "\r\n");
    case Outcome::Aborted:
      return write_("Aborted by user.\r\n");
    case Outcome::Failed:
      return write_("Failed to receive the file!\r\n");
  }
}

void SetupConsole::ask(const std::string& prompt, size_t most, Next next) {
  write_(prompt);
  reader_.emplace(most);
  next_ = next;
}

void SetupConsole::ask_pem(const std::string& prompt, Next next) {
  ask(prompt, kLongestPemLine, next);
  pem_ = true;
  pem_text_.clear();
  after_return_ = false;
}

void SetupConsole::on_claim_code(const std::string& line) {
  if (line.size() == kClaimCodeSize && host_.store_claim_code(line))
    write_("Claim code set to: " + line + "\r\n");
  else
    write_("Sorry, claim code is not 63 characters long. Claim code unchanged.\r\n");
}

void SetupConsole::on_ssid(const std::string& line) {
  ssid_ = line;
  forget_secrets();
  // Before WPA enterprise was known the air was not looked at.
  if (!ConsoleDialect::of(host_.system_version()).enterprise) return ask_security();
  for (const auto& point : host_.scan()) {
    if (point.ssid != ssid_) continue;
    security_ = point.security;
    return ask_credentials();
  }
  ask_security();
}

void SetupConsole::ask_security() {
  bool enterprise = ConsoleDialect::of(host_.system_version()).enterprise;
  ask(enterprise ? kSecurityPrompt : kOldSecurityPrompt, 1, &SetupConsole::on_security);
}

void SetupConsole::on_security(const std::string& line) {
  static constexpr uint32_t kNumbers[] = {
      wiced::kOpen,
      wiced::kWepPsk,
      wiced::kWpa,
      wiced::kWpa2,
      wiced::kWpa | wiced::kEnterprise,
      wiced::kWpa2 | wiced::kEnterprise,
  };
  char last = ConsoleDialect::of(host_.system_version()).enterprise ? '5' : '3';
  if (line.size() != 1 || line[0] < '0' || line[0] > last) return ask_security();
  security_ = kNumbers[line[0] - '0'];
  ask_cipher();
}

void SetupConsole::ask_cipher() { ask(kCipherPrompt, 1, &SetupConsole::on_cipher); }

void SetupConsole::on_cipher(const std::string& line) {
  static constexpr uint32_t kCiphers[] = {wiced::kAes, wiced::kTkip, wiced::kAes | wiced::kTkip};
  if (line.size() != 1 || line[0] < '1' || line[0] > '3') return ask_cipher();
  if (security_ & kWpaMask) security_ |= kCiphers[line[0] - '1'];
  ask_credentials();
}

void SetupConsole::ask_credentials() {
  if (security_ == wiced::kOpen) return save();
  if (security_ != wiced::kUnknown && security_ & wiced::kEnterprise) return ask_eap_type();
  ask("Password: ", kLongestText, &SetupConsole::on_password);
}

void SetupConsole::on_password(const std::string& line) {
  password_ = line;
  save();
}

void SetupConsole::ask_eap_type() { ask("EAP Type 0=PEAP/MSCHAPv2, 1=EAP-TLS: ", 1, &SetupConsole::on_eap_type); }

void SetupConsole::on_eap_type(const std::string& line) {
  if (line == "1") {
    enterprise_.type = eap::kTls;
    return ask_pem("Client certificate in PEM format:\r\n", &SetupConsole::on_client_certificate);
  }
  if (line == "0") {
    enterprise_.type = eap::kPeap;
    return ask("Username: ", kLongestText, &SetupConsole::on_user_name);
  }
  ask_eap_type();
}

void SetupConsole::on_client_certificate(const std::string& pem) {
  enterprise_.client_certificate = pem;
  ask_pem("Private key in PEM format:\r\n", &SetupConsole::on_private_key);
}

void SetupConsole::on_private_key(const std::string& pem) {
  enterprise_.private_key = pem;
  pem_text_.clear();
  ask("Outer identity (optional): ", kLongestText, &SetupConsole::on_outer_identity);
}

void SetupConsole::on_user_name(const std::string& line) {
  enterprise_.inner_identity = line;
  ask("Password: ", kLongestText, &SetupConsole::on_user_password);
}

void SetupConsole::on_user_password(const std::string& line) {
  enterprise_.password = line;
  ask("Outer identity (optional): ", kLongestText, &SetupConsole::on_outer_identity);
}

void SetupConsole::on_outer_identity(const std::string& line) {
  enterprise_.outer_identity = line;
  ask_pem("Root CA in PEM format (optional):\r\n", &SetupConsole::on_root_certificate);
}

void SetupConsole::on_root_certificate(const std::string& pem) {
  enterprise_.root_certificate = pem;
  save();
}

void SetupConsole::save() {
  write_("Thanks! Wait while I save those credentials...\r\n\r\n");
  int result = host_.store_network(ssid_, password_, security_, enterprise_);
  forget_secrets();
  if (result != kCredentialsStored) return write_("Derp. Sorry, we couldn't save the credentials.\r\n\r\n");
  write_(kSaved);
  host_.finish_setup();
}

}  // namespace vphoton
