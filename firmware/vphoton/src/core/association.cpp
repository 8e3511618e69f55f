#include "core/association.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "cloud/crypto.h"

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

}  // namespace

bool admits(const AccessPoint& point, const WifiNetwork& network, const EapConfig& eap) {
  if (point.ssid != network.ssid) return false;
  if (point.security == wiced::kOpen) return network.security == wiced::kOpen;
  if (network.security == wiced::kOpen) return false;
  bool enterprise = point.security & wiced::kEnterprise;
  if (enterprise != static_cast<bool>(network.security & wiced::kEnterprise)) return false;
  return enterprise ? knows_user(point, eap) : point.password == network.password;
}

}  // namespace vphoton
