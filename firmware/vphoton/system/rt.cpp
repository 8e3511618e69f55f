// Table rt: what the C library keeps in the system: memory, printf and scanf, its state, and the end of a program.
#include <algorithm>

#include "system/format.h"
#include "system/serve.h"
#include "system/services/panic.h"

namespace vphoton::system {
namespace {

// struct _reent of the newlib (3.3.0, "nano") that Device OS 2.3.1 is linked with: its size, and the number by which an
// application tells whether its own is laid out the same.
constexpr uint32_t kStateSize = 96;
constexpr uint32_t kStateVersion = 0x03030000;

uint32_t allocate(Application& app, uint32_t size) { return app.heap().allocate(size); }

void release(Application& app, uint32_t address) {
  if (address && !app.heap().free(address)) app.panic(panic::kHardFault, "frees what is no block of memory");
}

uint32_t reallocate(Application& app, uint32_t before, uint32_t size) {
  if (before == 0) return allocate(app, size);
  const uint32_t kept = app.heap().size_of(before);
  if (kept == 0) app.panic(panic::kHardFault, "reallocates what is no block of memory");
  if (size == 0) {
    release(app, before);
    return 0;
  }
  if (size <= kept) {
    app.heap().resized(before, size);
    return before;
  }
  const uint32_t address = allocate(app, size);
  if (address == 0) return 0;
  std::memcpy(app.writable(address, kept), app.bytes(before, kept), kept);
  release(app, before);
  return address;
}

uint32_t allocate_r(Application& app, uint32_t, uint32_t size) { return allocate(app, size); }
void release_r(Application& app, uint32_t, uint32_t address) { release(app, address); }
uint32_t reallocate_r(Application& app, uint32_t, uint32_t before, uint32_t size) {
  return reallocate(app, before, size);
}

// Returns what there would be room for, as printf does.
int32_t store(Application& app, uint32_t to, uint32_t size, const std::string& text) {
  if (size > 0) {
    const size_t kept = std::min<size_t>(text.size(), size - 1);
    app.write(to, text.substr(0, kept) + '\0');
  }
  return static_cast<int32_t>(text.size());
}

int32_t print(Application& app, uint32_t to, uint32_t format) {
  return store(app, to, ~0u, formatted(app, app.text(format), Varargs::behind(app, 2)));
}

int32_t print_at_most(Application& app, uint32_t to, uint32_t size, uint32_t format) {
  return store(app, to, size, formatted(app, app.text(format), Varargs::behind(app, 3)));
}

int32_t print_list(Application& app, uint32_t to, uint32_t size, uint32_t format, uint32_t list) {
  return store(app, to, size, formatted(app, app.text(format), Varargs::at(app, list)));
}

int32_t scan(Application& app, uint32_t text, uint32_t format) {
  return scanned(app, app.text(text), app.text(format), Varargs::behind(app, 2));
}

void give_up(Application& app) { app.panic(panic::kExit, "calls abort()"); }

void assertion_failed(Application& app, uint32_t file, int32_t line, uint32_t, uint32_t condition) {
  app.panic(panic::kAssertFailed, "says that at " + app.text(file) + ":" + std::to_string(line) +
                                      " this does not hold: " + app.text(condition));
}

uint32_t state_of(Application& app) {
  if (app.newlib_state == 0) {
    app.newlib_state = app.allocate(kStateSize);
    app.write(app.newlib_state, std::string(kStateSize, '\0'));
  }
  return app.newlib_state;
}

uint32_t error_number(Application& app) { return state_of(app); }  // its first field

void hand_over_state(Application& app, uint32_t callback, uint32_t data) {
  app.call_back(callback, {state_of(app), kStateSize, kStateVersion, data});
}

}  // namespace

SystemFunctions rt_functions() {
  return {
      serves<allocate>("malloc"),
      serves<release>("free"),
      serves<reallocate>("realloc"),
      serves<allocate_r>("_malloc_r"),
      serves<release_r>("_free_r"),
      serves<reallocate_r>("_realloc_r"),
      serves<print>("sprintf"),
      serves<print>("siprintf"),
      serves<print_at_most>("snprintf"),
      serves<print_at_most>("sniprintf"),
      serves<print_list>("vsnprintf"),
      serves<print_list>("vsniprintf"),
      serves<scan>("sscanf"),
      serves<scan>("siscanf"),
      serves<give_up>("abort"),
      serves<assertion_failed>("__assert_func"),
      serves<error_number>("__errno"),
      serves<hand_over_state>("newlib_impure_ptr_callback"),
  };
}

}  // namespace vphoton::system
