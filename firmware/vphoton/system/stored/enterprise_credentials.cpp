#include "system/stored/enterprise_credentials.h"

namespace vphoton {
namespace {

constexpr size_t kLongestText = 64;        // Device OS 2.3.1: identities and password
constexpr size_t kCertificateSize = 4096;  // Device OS 2.3.1, with a NUL at the end
constexpr size_t kPrivateKeySize = 2048;   // Device OS 2.3.1, with a NUL at the end
constexpr size_t kTextRecord = 1 + kLongestText;
// Type, three texts, root certificate: the order is a choice.
constexpr size_t kRecordSize = 1 + 3 * kTextRecord + kCertificateSize;
static_assert(dct::kEapConfig + kRecordSize <= dct::kDeviceSecret, "the EAP configuration ends before the next field");
// Behind the list of networks, in a page of their own.
constexpr size_t kCertificateAt = 4096;
constexpr size_t kPrivateKeyAt = kCertificateAt + kCertificateSize;

std::string text_record(const std::string& text) {
  std::string record(1, static_cast<char>(text.size()));
  record += text;
  record.resize(kTextRecord, '\0');
  return record;
}

std::string text_from(const std::string& record, size_t at) {
  size_t size = static_cast<uint8_t>(record[at]);
  return size <= kLongestText ? record.substr(at + 1, size) : "";
}

std::string padded(std::string text, size_t size) {
  text.resize(size, '\0');
  return text;
}

std::string unpadded(const std::string& stored) {
  return stored.substr(0, stored.find_first_of(std::string("\0\xFF", 2)));
}

bool complete(const EapConfig& config) {
  if (config.inner_identity.size() > kLongestText || config.outer_identity.size() > kLongestText ||
      config.password.size() > kLongestText || config.root_certificate.size() >= kCertificateSize ||
      config.client_certificate.size() >= kCertificateSize || config.private_key.size() >= kPrivateKeySize)
    return false;
  if (config.type == eap::kPeap) return !config.inner_identity.empty() && !config.password.empty();
  if (config.type == eap::kTls) return !config.client_certificate.empty() && !config.private_key.empty();
  return false;
}

}  // namespace

EapConfig EnterpriseCredentials::load() const {
  EapConfig config;
  uint8_t type = dct_.byte(dct::kEapConfig);
  if (type != eap::kPeap && type != eap::kTls) return config;
  std::string record = dct_.read(dct::kEapConfig, kRecordSize);
  config.type = type;
  config.inner_identity = text_from(record, 1);
  config.outer_identity = text_from(record, 1 + kTextRecord);
  config.password = text_from(record, 1 + 2 * kTextRecord);
  config.root_certificate = unpadded(record.substr(1 + 3 * kTextRecord));
  config.client_certificate = unpadded(flash_.read(Region::WifiCredentials, kCertificateAt, kCertificateSize));
  config.private_key = unpadded(flash_.read(Region::WifiCredentials, kPrivateKeyAt, kPrivateKeySize));
  return config;
}

bool EnterpriseCredentials::store(const EapConfig& config) {
  if (!complete(config)) return false;
  std::string rest = text_record(config.inner_identity) + text_record(config.outer_identity) +
                     text_record(config.password) + padded(config.root_certificate, kCertificateSize);
  // The type last: until then there is no configuration.
  return dct_.write(dct::kEapConfig, std::string(1, '\0')) &&
         flash_.write(Region::WifiCredentials, kCertificateAt, padded(config.client_certificate, kCertificateSize)) &&
         flash_.write(Region::WifiCredentials, kPrivateKeyAt, padded(config.private_key, kPrivateKeySize)) &&
         dct_.write(dct::kEapConfig + 1, rest) &&
         dct_.write(dct::kEapConfig, std::string(1, static_cast<char>(config.type)));
}

bool EnterpriseCredentials::clear() {
  if (load().type == eap::kNone) return true;
  return dct_.write(dct::kEapConfig, std::string(1, '\0')) &&
         dct_.write(dct::kEapConfig + 1, std::string(kRecordSize - 1, '\0')) &&
         flash_.write(Region::WifiCredentials, kCertificateAt, std::string(kCertificateSize, '\xFF')) &&
         flash_.write(Region::WifiCredentials, kPrivateKeyAt, std::string(kPrivateKeySize, '\xFF'));
}

}  // namespace vphoton
