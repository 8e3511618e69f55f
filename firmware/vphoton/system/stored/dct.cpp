#include "system/stored/dct.h"

#include <arpa/inet.h>
#include <sys/random.h>

#include <cstring>

namespace vphoton {
namespace {

constexpr uint16_t kDefaultPort = 5683;  // Device OS 2.3.1, server address
constexpr size_t kLongestDomain = 64;

std::string filled(std::string data, size_t size, char filler = '\xFF') {
  data.resize(size, filler);
  return data;
}

// Device OS 2.3.1: 32 symbols without 0, 1, I and O; five bits each, least significant first.
std::string random_code() {
  static constexpr char kAlphabet[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  uint32_t number = 0;
  while (getrandom(&number, sizeof number, 0) != sizeof number) continue;
  std::string code;
  for (size_t i = 0; i < dct::kDeviceCodeSize; ++i, number >>= 5) code += kAlphabet[number & 31];
  return code;
}

}  // namespace

bool Dct::set_key_pair(const std::string& private_der, const std::string& public_der) {
  // The public key first: a private key without one is completed at boot, the other way round nothing is lost either.
  return write(dct::kPublicKey, filled(public_der, dct::kPublicKeySize)) &&
         write(dct::kPrivateKey, filled(private_der, dct::kPrivateKeySize));
}

bool Dct::set_server_key(const std::string& der) {
  return write(dct::kServerKey, filled(der, dct::kServerAddress - dct::kServerKey));
}

ServerAddress Dct::server_address() const {
  std::string block = read(dct::kServerAddress, dct::kServerAddressSize);
  auto byte_at = [&](size_t i) { return static_cast<uint8_t>(block[i]); };
  size_t length = byte_at(1);
  ServerAddress address{
      "", static_cast<uint16_t>(byte_at(dct::kServerAddressPort) << 8 | byte_at(dct::kServerAddressPort + 1))};
  if (address.port == 0 || address.port == 0xFFFF) address.port = kDefaultPort;
  if (byte_at(0) == 0 && length == 4) {
    char text[INET_ADDRSTRLEN];
    if (inet_ntop(AF_INET, block.data() + 2, text, sizeof text)) address.host = text;
  } else if (byte_at(0) == 1 && length > 0 && length <= kLongestDomain) {
    address.host = block.substr(2, length);
  }
  return address;
}

bool Dct::set_server_address(const ServerAddress& address) {
  std::string block;
  in_addr ip;
  if (inet_pton(AF_INET, address.host.c_str(), &ip) == 1) {
    block.assign(2, '\0');
    block[1] = 4;
    block.append(reinterpret_cast<const char*>(&ip), 4);
  } else {
    if (address.host.empty() || address.host.size() > kLongestDomain) return false;
    block += '\1';
    block += static_cast<char>(address.host.size());
    block += address.host;
  }
  block = filled(block, dct::kServerAddressPort);
  block += static_cast<char>(address.port >> 8);
  block += static_cast<char>(address.port & 0xFF);
  return write(dct::kServerAddress, filled(block, dct::kServerAddressSize));
}

std::string Dct::claim_code() const {
  std::string stored = read(dct::kClaimCode, dct::kClaimCodeSize);
  if (stored[0] == '\0' || stored[0] == '\xFF') return "";
  return stored.substr(0, stored.find('\0'));
}

bool Dct::set_claim_code(const std::string& code) {
  return write(dct::kClaimCode, filled(code, dct::kClaimCodeSize, '\0'));
}

bool Dct::confirm_claim() {
  // The flag first: a power cut in between leaves a claimed device that sends its code once more.
  return (claimed() || write(dct::kClaimed, "1")) && write(dct::kClaimCode, std::string(1, '\0'));
}

std::string Dct::softap_ssid() {
  std::string stored = read(dct::kSsidPrefix, dct::kSsidPrefixSize);
  size_t length = static_cast<uint8_t>(stored[0]);
  if (length == 0 || length >= dct::kSsidPrefixSize) {
    set_softap_prefix("Photon");
    stored = read(dct::kSsidPrefix, dct::kSsidPrefixSize);
    length = static_cast<uint8_t>(stored[0]);
  }
  std::string code = read(dct::kDeviceCode, dct::kDeviceCodeSize);
  if (code[0] == '\0' || static_cast<uint8_t>(code[0]) >= 0x80) {
    code = random_code();
    write(dct::kDeviceCode, code);
  }
  uint8_t fifth = static_cast<uint8_t>(code[4]);
  if (fifth < 0x20 || fifth > 0x7F) code.resize(4);
  return stored.substr(1, length) + "-" + code;
}

bool Dct::set_softap_prefix(const std::string& prefix) {
  if (prefix.empty() || prefix.size() >= dct::kSsidPrefixSize) return false;
  return write(dct::kSsidPrefix, filled(static_cast<char>(prefix.size()) + prefix, dct::kSsidPrefixSize));
}

bool Dct::set_softap_suffix(const std::string& suffix) {
  if (suffix.empty() || suffix.size() > dct::kDeviceCodeSize) return false;
  return write(dct::kDeviceCode, filled(suffix, dct::kDeviceCodeSize, '\0'));
}

bool Dct::set_dns_names(const std::string& names) {
  if (names.size() >= dct::kDnsResolveSize) return false;
  return write(dct::kDnsResolve, filled(names, dct::kDnsResolveSize, '\0'));
}

}  // namespace vphoton
