// Pages of the application's own on SoftAP's HTTP service: everything that is no command goes to one handler. It is to
// be set before listening mode begins, so in STARTUP():
//
//   STARTUP(softap_set_application_page_handler(my_page, nullptr));
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "device_os/layout.h"

// The body of a request.
struct Reader {
  typedef int (*callback_t)(Reader* stream, uint8_t* buf, size_t count);

  callback_t callback;
  size_t bytes_left;
  void* state;

  // How many bytes came, at most `length`; -1 when none are left.
  int read(uint8_t* buf, size_t length) {
    if (bytes_left == 0) return -1;
    int got = callback(this, buf, length < bytes_left ? length : bytes_left);
    if (got > 0) bytes_left -= static_cast<size_t>(got);
    return got;
  }

  // All that is left, with a NUL behind it; the caller frees it with free().
  char* fetch_as_string() {
    size_t length = bytes_left;
    char* text = static_cast<char*>(malloc(length + 1));
    if (!text) return text;
    read(reinterpret_cast<uint8_t*>(text), length);
    text[length] = '\0';
    bytes_left = 0;
    return text;
  }
};

// The body of the response; each write is one chunk.
struct Writer {
  typedef void (*callback_t)(Writer* stream, const uint8_t* buf, size_t count);

  callback_t callback;
  void* state;

  void write(const uint8_t* buf, size_t length) { callback(this, buf, length); }
  void write(const char* text) { write(reinterpret_cast<const uint8_t*>(text), strlen(text)); }
  void write(uint8_t c) { write(&c, 1); }
};

// More header lines, each with CR LF at its end.
struct __attribute__((packed)) Header {
  uint16_t size;
  const char* header_list;

  Header(const char* lines) : size(sizeof(Header)), header_list(lines) {}
};
ABI_FIELD(Header, header_list, 2);
ABI_SIZE(Header, 6);
ABI_SIZE(Reader, 12);
ABI_SIZE(Writer, 8);

extern "C" {

// To be called once, before the body is written. `flags` is 0. Codes with a text of their own: 200 204 207 301 400 403
// 404 405 406 412 415 429 444 470 500 504; any other becomes 400.
typedef int(ResponseCallback)(void* cbArg, uint16_t flags, uint16_t responseCode, const char* mimeType,
                              Header* extraHeaders);

// `url` with its query string.
typedef void(PageProvider)(const char* url, ResponseCallback* cb, void* cbArg, Reader* body, Writer* result,
                           void* reserved);

// Always 0.
int softap_set_application_page_handler(PageProvider* provider, void* reserved);
}
