#include "system/services/application_page.h"

namespace vphoton {

Page default_page(const std::string& url, const std::string&) {
  Page page;
  page.head.emplace();
  page.head->code = url == "/index" ? 301 : 404;
  if (url != "/index") return page;
  page.head->mime_type = "text/plain";
  page.head->headers = "Location: /hello\r\n";
  return page;
}

}  // namespace vphoton
