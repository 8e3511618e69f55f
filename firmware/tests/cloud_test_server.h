// A cloud for the tests of the link: real keys, the server's half of the handshake, frames over loopback TCP.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/reactor.h"
#include "cloud_test_support.h"
#include "faces/cloud/frame_codec.h"

namespace vphoton::cloud::test {

// One pair for all tests: making RSA keys is slow.
class TestKeys {
 public:
  static const TestKeys& get() {
    static const TestKeys keys;
    return keys;
  }

  std::string server_public_der() const { return public_der(server_.get()); }
  std::string device_public_der() const { return public_der(device_.get()); }

  // RSAPrivateKey with integers of the fixed widths the firmware writes, or without leading zero bytes.
  std::string device_private_der(bool leading_zeros = true) const {
    const std::pair<const char*, size_t> fields[] = {
        {OSSL_PKEY_PARAM_RSA_N, 128},        {OSSL_PKEY_PARAM_RSA_E, 3},
        {OSSL_PKEY_PARAM_RSA_D, 128},        {OSSL_PKEY_PARAM_RSA_FACTOR1, 64},
        {OSSL_PKEY_PARAM_RSA_FACTOR2, 64},   {OSSL_PKEY_PARAM_RSA_EXPONENT1, 64},
        {OSSL_PKEY_PARAM_RSA_EXPONENT2, 64}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 64}};
    std::string body = bytes("020100");
    for (const auto& [name, size] : fields) {
      BIGNUM* number = nullptr;
      REQUIRE(EVP_PKEY_get_bn_param(device_.get(), name, &number));
      std::string value(size, '\0');
      REQUIRE(BN_bn2binpad(number, reinterpret_cast<uint8_t*>(value.data()), static_cast<int>(size)) > 0);
      BN_clear_free(number);
      if (leading_zeros && size != 3) value.insert(0, 1, '\0');
      body += '\x02';
      if (value.size() > 127) body += '\x81';
      body += static_cast<char>(value.size());
      body += value;
    }
    return bytes("3082") + big_endian(static_cast<uint32_t>(body.size()), 2) + body;
  }

  std::string decrypt_as_server(const std::string& cipher) const {
    return run(server_.get(), EVP_PKEY_decrypt_init, EVP_PKEY_decrypt, cipher);
  }
  // Type 1 padding around the bare data: no DigestInfo.
  std::string sign_as_server(const std::string& data) const {
    return run(server_.get(), EVP_PKEY_sign_init, EVP_PKEY_sign, data);
  }
  std::string encrypt_for_device(const std::string& plain) const {
    return run(device_.get(), EVP_PKEY_encrypt_init, EVP_PKEY_encrypt, plain);
  }

  // Step 3 of the handshake.
  std::string session_answer(const std::string& session_block) const {
    const std::string encrypted = encrypt_for_device(session_block);
    return encrypted + sign_as_server(hmac_sha1(session_block, encrypted));
  }

  CloudIdentity identity(uint16_t port) const {
    return {bytes("3A0021000347343339373536"), device_private_der() + std::string(600, '\xFF'),
            server_public_der() + std::string(90, '\xFF'), "127.0.0.1", port};
  }

 private:
  TestKeys() : server_(EVP_RSA_gen(2048)), device_(EVP_RSA_gen(1024)) {}

  static std::string public_der(EVP_PKEY* key) {
    uint8_t* der = nullptr;
    const int size = i2d_PUBKEY(key, &der);
    REQUIRE(size > 0);
    std::string result(reinterpret_cast<char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    return result;
  }

  template <typename Init, typename Run>
  static std::string run(EVP_PKEY* key, Init init, Run operation, const std::string& input) {
    std::unique_ptr<EVP_PKEY_CTX, EvpFree> context(EVP_PKEY_CTX_new(key, nullptr));
    std::string output(256, '\0');
    size_t size = output.size();
    REQUIRE(init(context.get()) > 0);
    REQUIRE(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) > 0);
    REQUIRE(operation(context.get(), reinterpret_cast<uint8_t*>(output.data()), &size,
                      reinterpret_cast<const uint8_t*>(input.data()), input.size()) > 0);
    output.resize(size);
    return output;
  }

  PKey server_;
  PKey device_;
};

inline std::string test_session_block() {
  std::string block;
  for (int i = 0; i < 40; ++i) block += static_cast<char>(i + 1);
  return block;
}

inline AesBlock block_part(const std::string& block, size_t at) {
  AesBlock part;
  std::copy_n(block.begin() + static_cast<long>(at), part.size(), part.begin());
  return part;
}

// Serves one connection at a time, on the device's own reactor.
class TestServer {
 public:
  bool answer_hello = true;
  bool send_bytewise = false;
  int accepted = 0;
  std::string introduction;           // what the device sent, decrypted
  std::vector<std::string> received;  // plaintext messages of the current connection
  bool device_gone = false;
  std::function<void(const std::string&)> on_message;

  explicit TestServer(Reactor& reactor) : reactor_(reactor) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    socklen_t size = sizeof address;
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    reactor_.watch(listener_, POLLIN, [this](short) { on_accept(); });
  }
  ~TestServer() {
    hang_up();
    reactor_.forget(listener_);
    ::close(listener_);
  }

  uint16_t port() const { return port_; }

  void hang_up() {
    if (fd_ < 0) return;
    reactor_.forget(fd_);
    ::close(fd_);
    fd_ = -1;
  }

  void send_raw(const std::string& data) {
    const size_t step = send_bytewise ? 1 : data.size();
    for (size_t at = 0; at < data.size(); at += step) {
      REQUIRE(::send(fd_, data.data() + at, step, MSG_NOSIGNAL) == static_cast<ssize_t>(step));
      if (send_bytewise) reactor_.run_once(1);  // the device reads what is there
      if (fd_ < 0) return;
    }
  }

  void send(const std::string& plain) { send_raw(encoder_->encode(plain)); }

 private:
  void on_accept() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    hang_up();
    fd_ = fd;
    ++accepted;
    device_gone = false;
    raw_.clear();
    received.clear();
    encoder_.reset();
    decoder_.reset();
    nonce_ = std::string(40, 'n');
    reactor_.watch(fd_, POLLIN, [this](short) { on_readable(); });
    send_raw(nonce_);
  }

  void on_readable() {
    char buffer[4096];
    const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
    if (count <= 0) {
      device_gone = true;
      hang_up();
      return;
    }
    if (decoder_) {
      decoder_->feed(buffer, static_cast<size_t>(count));
    } else {
      raw_.append(buffer, static_cast<size_t>(count));
      if (raw_.size() < 256) return;
      introduction = TestKeys::get().decrypt_as_server(raw_.substr(0, 256));
      const std::string block = test_session_block();
      encoder_.emplace(block_part(block, 0), block_part(block, 16));
      decoder_.emplace(block_part(block, 0), block_part(block, 16));
      decoder_->feed(raw_.data() + 256, raw_.size() - 256);
      send_raw(TestKeys::get().session_answer(block));
    }
    std::string plain;
    while (decoder_ && fd_ >= 0 && decoder_->next(plain) == FrameDecoder::Status::Message) {
      received.push_back(plain);
      if (answer_hello && received.size() == 1) send(bytes("50020001 B168"));
      if (on_message) on_message(plain);
    }
  }

  Reactor& reactor_;
  int listener_ = -1;
  int fd_ = -1;
  uint16_t port_ = 0;
  std::string raw_;
  std::string nonce_;
  std::optional<FrameEncoder> encoder_;
  std::optional<FrameDecoder> decoder_;
};

// Runs the loop until `holds`; false after a time no healthy machine needs.
template <typename Condition>
bool run_until(Reactor& reactor, Condition holds) {
  const uint64_t give_up = reactor.now_ms() + 20000;
  while (!holds()) {
    if (reactor.now_ms() > give_up) return false;
    reactor.run_once(50);
  }
  return true;
}

}  // namespace vphoton::cloud::test
