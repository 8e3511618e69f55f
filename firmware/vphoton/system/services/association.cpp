#include "system/services/association.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "base/crypto.h"

namespace vphoton {
namespace {

struct Free {
  void operator()(BIO* it) const { BIO_free(it); }
  void operator()(X509* it) const { X509_free(it); }
};

std::unique_ptr<BIO, Free> memory(const std::string& text) {
  return std::unique_ptr<BIO, Free>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::unique_ptr<X509, Free> certificate(const std::string& pem) {
  return std::unique_ptr<X509, Free>(PEM_read_bio_X509(memory(pem).get(), nullptr, nullptr, nullptr));
}

// No passphrase: a Photon could not ask for one either.
int no_passphrase(char*, int, int, void*) { return -1; }

bool certified(const std::string& client_ca, const EapConfig& eap) {
  // Signatures name their digest, and start_crypto_library() left the table of names empty.
  for (const EVP_MD* digest : {EVP_sha1(), EVP_sha256(), EVP_sha384(), EVP_sha512()}) EVP_add_digest(digest);
  auto authority = certificate(client_ca), own = certificate(eap.client_certificate);
  cloud::PKey key(PEM_read_bio_PrivateKey(memory(eap.private_key).get(), nullptr, no_passphrase, nullptr));
  return authority && own && key && X509_check_private_key(own.get(), key.get()) == 1 &&
         X509_verify(own.get(), X509_get0_pubkey(authority.get())) == 1;
}

bool knows_user(const AccessPoint& point, const EapConfig& known) {
  if (known.type == eap::kTls) return certified(point.client_ca, known);
  return known.type == eap::kPeap && !point.identity.empty() && known.inner_identity == point.identity &&
         known.password == point.password;
}

constexpr uint32_t kGenerations = wiced::kWpa | wiced::kWpa2;
constexpr uint32_t kCiphers = wiced::kAes | wiced::kTkip;

bool is_wep(uint32_t security) { return !(security & kGenerations) && security & wiced::kWepPsk; }

// Nothing where a digit is none, or is missing.
std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const std::string byte = digits.substr(i, 2);
    if (byte.size() != 2 || byte.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return "";
    bytes += static_cast<char>(std::stoi(byte, nullptr, 16));
  }
  return bytes;
}

// Device OS 2.3.1, add_wiced_wifi_credentials(): hexadecimal, of which the radio takes index, length and key of each
// WEP key; rickkas7.github.io/wep: 00 for key 1, 05 or 0D for the length. The access point has its first key alone.
bool knows_wep_key(const AccessPoint& point, const std::string& entered) {
  std::string key = from_hex(point.password);
  if (key.empty()) key = point.password;
  const std::string told = from_hex(entered);
  return told.size() > 2 && told[0] == 0 && static_cast<size_t>(told[1]) == key.size() && told.substr(2) == key;
}

// A station offers what is stored and nothing else: the same generation of WPA, and a cipher that both have.
bool same_security(uint32_t point, uint32_t stored) {
  if (point == wiced::kOpen || stored == wiced::kOpen) return point == stored;
  if (is_wep(point) || is_wep(stored)) return is_wep(point) && is_wep(stored);
  return point & stored & kGenerations && point & stored & kCiphers &&
         (point & wiced::kEnterprise) == (stored & wiced::kEnterprise);
}

}  // namespace

bool admits(const AccessPoint& point, const WifiNetwork& network, const EapConfig& eap) {
  if (point.ssid != network.ssid) return false;
  if (!same_security(point.security, network.security)) return false;
  if (point.security == wiced::kOpen) return true;
  if (is_wep(point.security)) return knows_wep_key(point, network.password);
  return point.security & wiced::kEnterprise ? knows_user(point, eap) : point.password == network.password;
}

}  // namespace vphoton
