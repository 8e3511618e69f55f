// A page of the application's own handler. By default there is none: /index leads to /hello, all else is missing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vphoton {

struct PageHead {
  uint16_t code = 0;
  std::string mime_type;  // empty: none named
  std::string headers;    // each with CR LF at its end
};

struct Page {
  std::optional<PageHead> head;     // nothing when the handler never gave one
  std::vector<std::string> pieces;  // each one chunk
};

// `url` with its query string.
using ApplicationPage = std::function<Page(const std::string& url, const std::string& body)>;

// That of an application that has set none. Device OS 2.3.1.
Page default_page(const std::string& url, const std::string& body);

}  // namespace vphoton
