#include "faces/cloud/handshake.h"

#include <algorithm>

namespace vphoton::cloud {

Handshake::Handshake(const CloudIdentity& identity)
    : device_id_(identity.device_id),
      device_key_(DeviceKey::from_der(identity.device_private_key)),
      server_key_(ServerKey::from_der(identity.server_public_key)) {
  if (!device_key_)
    fail(CloudError::DeviceKey);
  else if (!server_key_)
    fail(CloudError::ServerKey);
}

std::string Handshake::feed(const char* data, size_t size) {
  if (state_ == State::Failed) return {};
  buffer_.append(data, size);
  std::string output;
  if (state_ == State::AwaitNonce && buffer_.size() >= kNonceSize) output = answer_nonce();
  if (state_ == State::AwaitSessionBlock && buffer_.size() >= kEncryptedBlockSize + kSignatureSize)
    output += accept_session_block();
  return output;
}

std::string Handshake::fail(CloudError error) {
  state_ = State::Failed;
  error_ = error;
  return {};
}

std::string Handshake::answer_nonce() {
  const std::string plain = buffer_.substr(0, kNonceSize) + device_id_ + device_key_->public_key_der();
  buffer_.erase(0, kNonceSize);
  auto block = server_key_->encrypt(plain);
  if (!block) return fail(CloudError::ServerKey);
  state_ = State::AwaitSessionBlock;
  return *block;
}

std::string Handshake::accept_session_block() {
  const std::string encrypted = buffer_.substr(0, kEncryptedBlockSize);
  const std::string signature = buffer_.substr(kEncryptedBlockSize, kSignatureSize);
  buffer_.erase(0, kEncryptedBlockSize + kSignatureSize);
  auto block = device_key_->decrypt(encrypted);
  if (!block || block->size() != kSessionBlockSize) return fail(CloudError::Decryption);
  auto signed_hmac = server_key_->recover(signature);
  if (!signed_hmac || *signed_hmac != hmac_sha1(*block, encrypted)) return fail(CloudError::Signature);

  std::copy_n(block->begin(), 16, keys_.key.begin());
  std::copy_n(block->begin() + 16, 16, keys_.iv.begin());
  std::copy_n(block->begin() + 32, 8, keys_.salt.begin());
  state_ = State::Done;
  return {};
}

}  // namespace vphoton::cloud
