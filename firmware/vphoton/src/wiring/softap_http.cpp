// The application page handler.
#include "softap_http.h"

#include <string>

#include "softap/application_page.h"

namespace {

// Device OS 2.3.1.
void default_handler(const char* url, ResponseCallback* respond, void* argument, Reader*, Writer*, void*) {
  if (strcmp(url, "/index") == 0) {
    Header location("Location: /hello\r\n");
    respond(argument, 0, 301, "text/plain", &location);
  } else {
    respond(argument, 0, 404, nullptr, nullptr);
  }
}

PageProvider* handler = default_handler;

int respond(void* page, uint16_t, uint16_t code, const char* mime_type, Header* header) {
  vphoton::PageHead head;
  head.code = code;
  if (mime_type) head.mime_type = mime_type;
  if (header && header->size && header->header_list) head.headers = header->header_list;
  static_cast<vphoton::Page*>(page)->head = head;
  return 0;
}

int read_body(Reader* reader, uint8_t* buffer, size_t count) {
  auto* rest = static_cast<const uint8_t*>(reader->state);
  memcpy(buffer, rest, count);
  reader->state = const_cast<uint8_t*>(rest + count);
  return static_cast<int>(count);
}

void write_page(Writer* writer, const uint8_t* data, size_t count) {
  static_cast<vphoton::Page*>(writer->state)->pieces.emplace_back(reinterpret_cast<const char*>(data), count);
}

}  // namespace

extern "C" int softap_set_application_page_handler(PageProvider* provider, void*) {
  handler = provider;
  return 0;
}

namespace vphoton {

ApplicationPage application_page() {
  PageProvider* provider = handler;
  return [provider](const std::string& url, const std::string& body) {
    Page page;
    Reader reader{read_body, body.size(), const_cast<char*>(body.data())};
    Writer writer{write_page, &page};
    if (provider) provider(url.c_str(), respond, &page, &reader, &writer, nullptr);
    return page;
  };
}

}  // namespace vphoton
