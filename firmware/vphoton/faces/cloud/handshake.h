// The device's side of the cloud handshake, without sockets: server bytes in, the device's block out, session keys at
// the end.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/crypto.h"
#include "faces/cloud/cloud_error.h"
#include "faces/cloud/cloud_host.h"

namespace vphoton::cloud {

struct SessionKeys {
  AesBlock key;
  AesBlock iv;
  std::array<uint8_t, 8> salt;
};

class Handshake {
 public:
  enum class State { AwaitNonce, AwaitSessionBlock, Done, Failed };

  static constexpr size_t kNonceSize = 40;
  static constexpr size_t kSessionBlockSize = 40;
  static constexpr size_t kEncryptedBlockSize = 128;
  static constexpr size_t kSignatureSize = 256;

  // `identity` is read only here.
  explicit Handshake(const CloudIdentity& identity);

  // Takes bytes of any split. What is to be sent, if anything, is returned.
  std::string feed(const char* data, size_t size);

  State state() const { return state_; }
  CloudError error() const { return error_; }             // only in Failed
  const SessionKeys& keys() const { return keys_; }       // only in Done
  const std::string& surplus() const { return buffer_; }  // in Done: bytes that already belong to the session

 private:
  std::string fail(CloudError error);
  std::string answer_nonce();
  std::string accept_session_block();

  std::string device_id_;
  std::optional<DeviceKey> device_key_;
  std::optional<ServerKey> server_key_;
  State state_ = State::AwaitNonce;
  CloudError error_ = CloudError::ClosedByServer;
  SessionKeys keys_{};
  std::string buffer_;
};

}  // namespace vphoton::cloud
