// A request of the SoftAP HTTP service, by the rules of the server in Device OS: the whole header comes in one segment,
// header names count only in their usual spelling, the method does not matter. A body of any size comes in any pieces,
// plain or chunked.
#pragma once

#include <string>

namespace vphoton {

class HttpRequest {
 public:
  enum class State { Incomplete, Complete, Unusable };

  // The first call takes the segment that holds the header, later calls take more of the body.
  State feed(const std::string& segment);
  State state() const { return state_; }
  const std::string& url() const { return url_; }
  std::string path() const { return url_.substr(0, url_.find('?')); }
  const std::string& body() const { return body_; }
  const std::string& content_type() const { return content_type_; }  // without parameters; empty: none
  bool wants_close() const { return wants_close_; }

 private:
  enum class ChunkPart { Size, Data, End, Trailer };
  bool read_header(const std::string& header);
  void feed_chunked(char c);

  State state_ = State::Incomplete;
  bool has_header_ = false;
  std::string url_;
  std::string content_type_;
  size_t length_ = 0;
  bool chunked_ = false;
  ChunkPart chunk_part_ = ChunkPart::Size;
  std::string chunk_line_;
  size_t chunk_left_ = 0;
  bool wants_close_ = false;
  std::string body_;
};

// In the server's own table.
bool http_type_known(const std::string& type);

// True if the server would serve a page of `page_type` to a request that carries `content_type`: it must be absent,
// unknown to the server, or the same.
bool http_type_accepted(const std::string& content_type, const std::string& page_type);

}  // namespace vphoton
