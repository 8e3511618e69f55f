// The describe of Device OS 3.x: in one message while it fits, else in blocks of 512 bytes, as answer (Block2) and as
// post (Block1, each block after the acknowledgement of the one before).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "faces/cloud/coap.h"

namespace vphoton::cloud {

class DescribeBlocks {
 public:
  using Send = std::function<void(const std::string& plain)>;
  using NextId = std::function<uint16_t()>;
  using NextToken = std::function<uint8_t()>;
  using Content = std::function<std::string(uint8_t flags)>;

  static constexpr size_t kBlockSize = 512;
  static constexpr uint64_t kForgetMs = 90000;  // a choice: content nobody asks for any more

  DescribeBlocks(size_t max_message, Send send, NextId next_id, NextToken next_token);

  void answer(const CoapMessage& request, const Content& content, uint64_t now_ms);
  // One post at a time: further ones wait until the last block is acknowledged.
  void post(uint8_t flags, std::string content);
  void acknowledged(uint16_t id);

 private:
  struct Answer {
    std::string content;
    uint8_t etag;
    uint64_t used_ms;
  };
  struct Post {
    uint8_t flags;
    std::string content;
    uint32_t next_block = 0;
  };

  void refuse(const CoapMessage& request, uint8_t code);
  void send_post();

  size_t max_message_;
  Send send_;
  NextId next_id_;
  NextToken next_token_;
  std::map<uint8_t, Answer> answers_;  // being fetched, by flags
  uint8_t last_etag_ = 0;
  std::deque<Post> posts_;  // the first one is on its way
  uint16_t post_id_ = 0;
};

}  // namespace vphoton::cloud
