#include "faces/softap/http_request.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace vphoton {
namespace {

constexpr size_t kShortestSegment = 18;
constexpr size_t kLongestBody = 32 * 1024;  // a choice
constexpr size_t kLongestChunkLine = 64;    // a choice

// Types the server's own table knows; which others it has besides the four that are known to be refused is a choice.
constexpr const char* kKnownTypes[] = {
    "text/html",        "text/plain",
    "text/css",         "image/png",
    "image/jpeg",       "image/gif",
    "text/xml",         "audio/mpeg",
    "video/mpeg",       "image/svg+xml",
    "application/json", "application/javascript",
    "text/javascript",  "application/octet-stream",
    "application/pdf",  "application/zip",
};

std::string header_value(const std::string& header, const std::string& name) {
  size_t at = header.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  at += name.size() + 4;
  return header.substr(at, header.find("\r\n", at) - at);
}

}  // namespace

HttpRequest::State HttpRequest::feed(const std::string& segment) {
  if (state_ != State::Incomplete) return state_;
  std::string more = segment;
  if (!has_header_) {
    size_t end = segment.find("\r\n\r\n");
    if (segment.size() < kShortestSegment || end == std::string::npos || !read_header(segment.substr(0, end + 2)))
      return state_ = State::Unusable;
    has_header_ = true;
    more = segment.substr(end + 4);
  }
  if (chunked_) {
    for (char c : more)
      if (state_ == State::Incomplete) feed_chunked(c);
    return state_;
  }
  body_ += more;
  if (body_.size() >= length_) {
    body_.resize(length_);
    state_ = State::Complete;
  }
  return state_;
}

bool HttpRequest::read_header(const std::string& header) {
  std::string line = header.substr(0, header.find("\r\n"));
  bool method = line.rfind("GET ", 0) == 0 || line.rfind("POST ", 0) == 0 || line.rfind("PUT ", 0) == 0;
  size_t version = line.find(" HTTP/1.1");
  if (!method || version == std::string::npos) return false;
  size_t start = line.find(' ') + 1;
  if (start > version) return false;
  url_ = line.substr(start, version - start);
  content_type_ = header_value(header, "Content-Type");
  content_type_ = content_type_.substr(0, content_type_.find_first_of("; \t"));
  wants_close_ = header_value(header, "Connection") == "close";
  chunked_ = header_value(header, "Transfer-Encoding") == "chunked";
  std::string length = header_value(header, "Content-Length");
  for (char c : length) {
    if (c < '0' || c > '9') break;
    length_ = length_ * 10 + static_cast<size_t>(c - '0');
    if (length_ > kLongestBody) return false;
  }
  return true;
}

// Chunk extensions and trailers are read over.
void HttpRequest::feed_chunked(char c) {
  switch (chunk_part_) {
    case ChunkPart::Data:
      body_ += c;
      if (--chunk_left_ == 0) chunk_part_ = ChunkPart::End;
      return;
    case ChunkPart::Size:
    case ChunkPart::End:
    case ChunkPart::Trailer:
      break;
  }
  if (c != '\n') {
    if (chunk_line_.size() == kLongestChunkLine)
      state_ = State::Unusable;
    else if (c != '\r')
      chunk_line_ += c;
    return;
  }
  std::string line = std::move(chunk_line_);
  chunk_line_.clear();
  if (chunk_part_ == ChunkPart::Trailer) {
    if (line.empty()) state_ = State::Complete;
  } else if (chunk_part_ == ChunkPart::End) {
    chunk_part_ = ChunkPart::Size;
    if (!line.empty()) state_ = State::Unusable;
  } else {
    char* end = nullptr;
    chunk_left_ = strtoul(line.c_str(), &end, 16);
    chunk_part_ = chunk_left_ == 0 ? ChunkPart::Trailer : ChunkPart::Data;
    bool readable = end != line.c_str() && line.find('-') == std::string::npos;
    if (!readable || chunk_left_ > kLongestBody || body_.size() + chunk_left_ > kLongestBody) state_ = State::Unusable;
  }
}

bool http_type_known(const std::string& type) {
  return std::find(std::begin(kKnownTypes), std::end(kKnownTypes), type) != std::end(kKnownTypes);
}

bool http_type_accepted(const std::string& content_type, const std::string& page_type) {
  if (content_type.empty() || content_type == page_type) return true;
  return !http_type_known(content_type);
}

}  // namespace vphoton
