#include "faces/softap/commands.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <doctest/doctest.h>

#include "base/crypto.h"
#include "base/hex.h"
#include "faces/softap/password.h"
#include "fake_setup_host.h"
#include "system/stored/device_key.h"

using namespace vphoton;

namespace {

std::string run(SetupHost& host, const std::string& command, const std::string& body = "") {
  std::string text;
  for (const auto& piece : SoftApCommands(host).run(command, body)) text += piece;
  return text;
}

const DeviceKeyPair& key_pair() {
  static const DeviceKeyPair pair = *generate_device_key();
  return pair;
}

// As a client does it, with nothing but the public key.
std::string encrypt(const std::string& plain) {
  const auto* der = reinterpret_cast<const unsigned char*>(key_pair().public_der.data());
  cloud::PKey key(d2i_PUBKEY(nullptr, &der, static_cast<long>(key_pair().public_der.size())));
  std::unique_ptr<EVP_PKEY_CTX, cloud::EvpFree> context(EVP_PKEY_CTX_new(key.get(), nullptr));
  std::string cipher(128, '\0');
  size_t size = cipher.size();
  EVP_PKEY_encrypt_init(context.get());
  EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING);
  EVP_PKEY_encrypt(context.get(), reinterpret_cast<unsigned char*>(cipher.data()), &size,
                   reinterpret_cast<const unsigned char*>(plain.data()), plain.size());
  return cipher;
}

}  // namespace

TEST_CASE("a generated device key has the stored form") {
  CHECK(key_pair().public_der.size() == 162);
  CHECK(key_pair().private_der.size() <= 612);
  // Device OS derives the public key from bytes 11 to 138 of the private one.
  CHECK(key_pair().public_der.substr(29, 128) == key_pair().private_der.substr(11, 128));
  CHECK_FALSE(complete_device_key("no key"));
}

TEST_CASE("simple commands") {
  test::FakeSetupHost host;
  CHECK(run(host, "version") == "{\"v\":2}");
  CHECK(run(host, "device-id") == "{\"id\":\"0123456789ABCDEF01234567\",\"c\":\"0\"}");
  host.is_claimed = true;
  CHECK(run(host, "device-id") == "{\"id\":\"0123456789ABCDEF01234567\",\"c\":\"1\"}");
  CHECK(run(host, "connect-ap", "{\"idx\":0}") == "{\"r\":0}");
  std::string key = run(host, "public-key");
  CHECK(key.size() == 5 + 1 + 588 + 1 + 7);
  CHECK(key.substr(0, 9) == "{\"b\":\"ABA");
  CHECK(key.substr(key.size() - 9) == "B\",\"r\":0}");
  CHECK(SoftApCommands(host).run("version", "")[0] == "{");
  for (const char* unknown : {"", "prepare-ap", "VERSION", "version\r", "ant-internal"})
    CHECK_FALSE(SoftApCommands::known(unknown));
}

TEST_CASE("scan-ap lists the air and escapes nothing") {
  test::FakeSetupHost host;
  CHECK(run(host, "scan-ap") ==
        "{\"scans\":[{\"ssid\":\"photonrig\",\"rssi\":-51,\"sec\":4194308,\"ch\":6,\"mdr\":65000}]}");
  host.air.push_back(host.air[0]);
  host.air[0].ssid = "";
  host.air[1].ssid = "a\"b";
  CHECK(run(host, "scan-ap").find("\"ssid\":\"a\"b\"") != std::string::npos);
  CHECK(run(host, "scan-ap").find("\"ssid\":\"\"") == std::string::npos);
}

TEST_CASE("set stores a claim code") {
  test::FakeSetupHost host;
  CHECK(run(host, "set", "{\"k\":\"cc\",\"v\":\"code\"}") == "{\"r\":0}");
  CHECK(host.code == "code");
  CHECK(run(host, "set", "{\"v\":\"" + std::string(80, 'l') + "\",\"k\":\"ccx\"}") == "{\"r\":0}");
  CHECK(host.code == std::string(63, 'l'));
  CHECK(run(host, "set", "{\"k\":\"xx\",\"v\":\"code\"}") == "{\"r\":-1}");
  CHECK(run(host, "set", "{\"k\":\"cc\",\"v\":\"\"}") == "{\"r\":-1}");
  CHECK(run(host, "set", "{}") == "{\"r\":-1}");
  for (const char* body : {"", "nonsense", "{\"k\":\"cc\",\"v\":1}", "{\"k\":\"cc\",\"v\":\"c\",\"z\":\"c\"}"})
    CHECK(run(host, "set", body) == "");
  CHECK(host.code == std::string(63, 'l'));
}

TEST_CASE("configure-ap decrypts the password") {
  test::FakeSetupHost host;
  host.private_key = key_pair().private_der + std::string(600, '\xFF');
  std::string hex = to_hex(encrypt("a secret word"));
  std::string body = "{\"idx\":0,\"ssid\":\"home\",\"pwd\":\"" + hex + "\",\"sec\":4194308,\"ch\":6}";
  CHECK(run(host, "configure-ap", body) == "{\"r\":0}");
  CHECK(host.ssid == "home");
  CHECK(host.password == "a secret word");
  CHECK(host.security == wiced::kWpa2);  // the cipher is not passed on
  host.result = -2;
  CHECK(run(host, "configure-ap", body) == "{\"r\":-2}");
}

// Device OS 0.6.3, hal/src/photon/softap.cpp: five fields, stored as given.
TEST_CASE("configure-ap before 0.7.0 keeps the cipher and knows nothing of enterprise networks") {
  test::FakeSetupHost host;
  host.version = "0.6.3";
  CHECK(run(host, "configure-ap", "{\"ssid\":\"open\",\"sec\":4194308}") == "{\"r\":0}");
  CHECK(host.security == 0x00400004);
  CHECK(run(host, "configure-ap", "{\"ssid\":\"open\",\"sec\":0,\"eap\":25}") == "");
  host.version = "0.7.0";
  run(host, "configure-ap", "{\"ssid\":\"open\",\"sec\":4194308}");
  CHECK(host.security == 0x00400000);
  CHECK(run(host, "configure-ap", "{\"ssid\":\"open\",\"sec\":0,\"eap\":0}") == "{\"r\":0}");
}

TEST_CASE("configure-ap and what it does not take") {
  test::FakeSetupHost host;
  host.private_key = key_pair().private_der;
  CHECK(run(host, "configure-ap", "{\"ssid\":\"open\",\"sec\":0}") == "{\"r\":0}");
  CHECK(host.password == "");
  CHECK(run(host, "configure-ap", "{\"ssid\":\"open\",\"pwd\":\"\",\"sec\":-1}") == "{\"r\":0}");
  CHECK(host.security == wiced::kUnknown);
  CHECK(run(host, "configure-ap", "{\"ssid\":\"open\",\"pwd\":\"7\"}") == "{\"r\":0}");
  CHECK(host.password == "7");
  host.ssid = "";
  CHECK(run(host, "configure-ap", "{\"ssid\":\"s\",\"pwd\":\"not hexadecimal\"}") == "{\"r\":-16512}");
  CHECK(run(host, "configure-ap", "{\"ssid\":\"s\",\"pwd\":\"" + std::string(254, 'a') + "\"}") == "{\"r\":-16512}");
  std::string broken = encrypt("password");
  broken[5] = static_cast<char>(broken[5] ^ 1);
  CHECK(run(host, "configure-ap", "{\"ssid\":\"s\",\"pwd\":\"" + to_hex(broken) + "\"}") == "{\"r\":-16640}");
  for (const char* body : {"", "{\"ssid\":\"s\",\"pwd\":null}", "{\"ssid\":5}", "{\"ssid\":\"s\",\"name\":\"x\"}",
                           "{\"ssid\":\"s\",\"sec\":\"0\"}"})
    CHECK(run(host, "configure-ap", body) == "");
  CHECK(host.ssid == "");
}

TEST_CASE("configure-ap carries an enterprise configuration") {
  test::FakeSetupHost host;
  host.private_key = key_pair().private_der;
  std::string password = to_upper_hex(encrypt("secret"));
  CHECK(run(host, "configure-ap",
            "{\"ssid\":\"office\",\"sec\":37748740,\"eap\":25,\"ii\":\"user\",\"oi\":\"anonymous\",\"pwd\":\"" +
                password + "\"}") == "{\"r\":0}");
  CHECK(host.enterprise.type == eap::kPeap);
  CHECK(host.enterprise.inner_identity == "user");
  CHECK(host.enterprise.outer_identity == "anonymous");
  CHECK(host.enterprise.password == "secret");
  CHECK(host.security == 0x02400000);

  cloud::AesBlock key{}, iv{};
  key.fill(1);
  iv.fill(2);
  std::string pem = "-----BEGIN KEY-----\nabc\n";
  std::string padded = pem + std::string(16 - pem.size() % 16, static_cast<char>(16 - pem.size() % 16));
  std::string sealed = cloud::AesCbc(cloud::AesCbc::Direction::Encrypt, key).run(iv, padded);
  std::string ek = encrypt(std::string(16, '\1') + std::string(16, '\2'));
  CHECK(run(host, "configure-ap",
            "{\"ssid\":\"office\",\"sec\":37748740,\"eap\":13,\"crt\":\"one\\ntwo\\\\\",\"ca\":\"\\r\\n\",\"ek\":\"" +
                to_upper_hex(ek) + "\",\"key\":\"" + to_upper_hex(sealed) + "\"}") == "{\"r\":0}");
  CHECK(host.enterprise.type == eap::kTls);
  CHECK(host.enterprise.client_certificate == "one\ntwo\\");
  CHECK(host.enterprise.root_certificate == "\r\n");
  CHECK(host.enterprise.private_key == pem);
}

TEST_CASE("configure-ap: the padding of an enterprise private key") {
  test::FakeSetupHost host;
  host.private_key = key_pair().private_der;
  cloud::AesBlock key{}, iv{};
  key.fill(1);
  iv.fill(2);
  const std::string ek = to_upper_hex(encrypt(std::string(16, '\1') + std::string(16, '\2')));
  // 48 bytes of which the last says how many are padding.
  auto answer = [&](int padding) {
    std::string plain(47, 'k');
    plain.push_back(static_cast<char>(padding));
    const std::string sealed = cloud::AesCbc(cloud::AesCbc::Direction::Encrypt, key).run(iv, plain);
    return run(host, "configure-ap",
               "{\"ssid\":\"office\",\"sec\":37748740,\"eap\":13,\"ek\":\"" + ek + "\",\"key\":\"" +
                   to_upper_hex(sealed) + "\"}");
  };
  for (int padding : {1, 15, 16}) {
    CAPTURE(padding);
    CHECK(answer(padding) == "{\"r\":0}");
    CHECK(host.enterprise.private_key == std::string(static_cast<size_t>(48 - padding), 'k'));
  }
  for (int padding : {0, 17, 32, 47, 48, 49, 128, 255}) {
    CAPTURE(padding);
    host.enterprise.private_key = "as it was";
    CHECK(answer(padding) != "{\"r\":0}");
    CHECK(host.enterprise.private_key == "as it was");
  }
}

TEST_CASE("the antenna commands are carried out without an answer") {
  test::FakeSetupHost host;
  CHECK_FALSE(SoftApCommands::known("ant-external"));
  CHECK(SoftApCommands(host).run_silent("ant-external"));
  CHECK(host.external_antenna);
  CHECK(SoftApCommands(host).run_silent("ant-internal"));
  CHECK_FALSE(host.external_antenna);
  CHECK_FALSE(SoftApCommands(host).run_silent("version"));
}
