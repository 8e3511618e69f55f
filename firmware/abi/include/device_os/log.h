// Log messages on their way through the system. Device OS 2.3.1, logging.h.
#pragma once

#include <stdarg.h>

#include "layout.h"

// What is known of a message besides its text.
struct LogAttributes {
  size_t size;
  union {
    uint32_t flags;
    struct {
      unsigned has_file : 1;
      unsigned has_line : 1;
      unsigned has_function : 1;
      unsigned has_time : 1;
      unsigned has_code : 1;
      unsigned has_details : 1;
    };
  };
  const char* file;
  int line;
  const char* function;
  uint32_t time;  // ms since start
  intptr_t code;
  const char* details;
};
ABI_FIELD(LogAttributes, time, 20);
ABI_SIZE(LogAttributes, 32);

typedef void (*log_message_callback_type)(const char* text, int level, const char* category, const LogAttributes* attr,
                                          void* reserved);
typedef void (*log_write_callback_type)(const char* data, size_t size, int level, const char* category, void* reserved);
typedef int (*log_enabled_callback_type)(int level, const char* category, void* reserved);
