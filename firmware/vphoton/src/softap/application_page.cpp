#include "softap/application_page.h"

#include <utility>

namespace vphoton {
namespace {

// Device OS 2.3.1.
Page default_page(const std::string& url, const std::string&) {
  Page page;
  page.head.emplace();
  page.head->code = url == "/index" ? 301 : 404;
  if (url != "/index") return page;
  page.head->mime_type = "text/plain";
  page.head->headers = "Location: /hello\r\n";
  return page;
}

ApplicationPage handler = default_page;

}  // namespace

ApplicationPage application_page() { return handler; }
void set_application_page(ApplicationPage page) { handler = std::move(page); }

}  // namespace vphoton
