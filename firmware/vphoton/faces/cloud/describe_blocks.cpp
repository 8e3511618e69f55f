#include "faces/cloud/describe_blocks.h"

#include <algorithm>
#include <utility>

#include "faces/cloud/messages.h"

namespace vphoton::cloud {
namespace {

constexpr uint32_t kSize512 = 5;  // exponent in block options
constexpr uint32_t kMore = 0x08;

std::string option_bytes(uint32_t value) {
  std::string bytes;
  append_u32(bytes, value);
  bytes.erase(0, std::min(bytes.find_first_not_of('\0'), bytes.size()));
  return bytes;
}

uint32_t option_number(std::string_view bytes) {
  uint32_t value = 0;
  for (char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

std::string block_option(uint32_t index, size_t size) {
  const bool more = (index + 1) * DescribeBlocks::kBlockSize < size;
  return option_bytes(index << 4 | (more ? kMore : 0) | kSize512);
}

std::string block_of(const std::string& content, uint32_t index) {
  return content.substr(index * DescribeBlocks::kBlockSize, DescribeBlocks::kBlockSize);
}

}  // namespace

DescribeBlocks::DescribeBlocks(size_t max_message, Send send, NextId next_id, NextToken next_token)
    : max_message_(max_message),
      send_(std::move(send)),
      next_id_(std::move(next_id)),
      next_token_(std::move(next_token)) {}

void DescribeBlocks::refuse(const CoapMessage& request, uint8_t code) {
  if (request.type() == CoapType::Con)
    send_(coded_ack(request.id(), code, request.token()));
  else if (request.type() == CoapType::Non)
    send_(CoapWriter(CoapType::Non, code, next_id_(), request.token()).take());
}

void DescribeBlocks::answer(const CoapMessage& request, const Content& content, uint64_t now_ms) {
  const CoapOption* query = request.option(kUriQuery);
  if (request.type() != CoapType::Con || !request.token() || !query) return refuse(request, kBadRequest);
  const uint8_t flags = option_number(query->value) & kDescribeAll;
  if (flags == 0) return refuse(request, kBadOption);
  uint32_t index = 0;
  if (const CoapOption* block = request.option(kBlock2)) {
    const uint32_t asked = option_number(block->value);
    if (block->value.size() > 3 || (asked & 0x07) != kSize512) return refuse(request, kBadOption);
    index = asked >> 4;
  }

  for (auto entry = answers_.begin(); entry != answers_.end();)
    entry = now_ms - entry->second.used_ms >= kForgetMs ? answers_.erase(entry) : std::next(entry);
  auto known = answers_.find(flags);
  const size_t blocks = known == answers_.end() ? 1 : (known->second.content.size() + kBlockSize - 1) / kBlockSize;
  if (index >= blocks) return refuse(request, kNotFound);
  send_(empty_ack(request.id()));
  if (known == answers_.end()) {
    std::string whole = content(flags);
    const std::string message = describe_answer(next_id_(), request.token(), whole);
    if (message.size() <= max_message_) return send_(message);
    known = answers_.insert({flags, {std::move(whole), ++last_etag_, now_ms}}).first;
    send_(CoapWriter(CoapType::Con, kContent, read_u16(message, 2), request.token())
              .option(kETag, option_bytes(known->second.etag))
              .option(kBlock2, block_option(0, known->second.content.size()))
              .payload(block_of(known->second.content, 0))
              .take());
    return;
  }
  Answer& answer = known->second;
  answer.used_ms = now_ms;
  send_(CoapWriter(CoapType::Con, kContent, next_id_(), request.token())
            .option(kETag, option_bytes(answer.etag))
            .option(kBlock2, block_option(index, answer.content.size()))
            .payload(block_of(answer.content, index))
            .take());
  if (index + 1 == blocks) answers_.erase(known);
}

void DescribeBlocks::post(uint8_t flags, std::string content) {
  posts_.push_back({flags, std::move(content)});
  if (posts_.size() == 1) send_post();
}

void DescribeBlocks::send_post() {
  while (!posts_.empty()) {
    Post& post = posts_.front();
    post_id_ = next_id_();
    const uint8_t token = next_token_();
    if (post.next_block == 0) {
      const std::string message = describe_post(post_id_, post.flags, post.content, token);
      if (message.size() <= max_message_) {
        send_(message);
        posts_.pop_front();
        continue;
      }
    }
    const uint32_t index = post.next_block++;
    const char query = static_cast<char>(post.flags);
    send_(CoapWriter(CoapType::Con, kPost, post_id_, token)
              .option(kUriPath, "d")
              .option(kUriQuery, std::string_view(&query, 1))
              .option(kBlock1, block_option(index, post.content.size()))
              .payload(block_of(post.content, index))
              .take());
    return;
  }
}

void DescribeBlocks::acknowledged(uint16_t id) {
  if (posts_.empty() || posts_.front().next_block == 0 || id != post_id_) return;
  if (posts_.front().next_block * kBlockSize >= posts_.front().content.size()) posts_.pop_front();
  send_post();
}

}  // namespace vphoton::cloud
