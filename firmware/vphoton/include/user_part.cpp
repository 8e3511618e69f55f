// Compiled into every native user part: what the virtual Photon looks up in it. SYSTEM_MODE and SYSTEM_THREAD override
// the weak defaults.
#include "application.h"

// An application's own, called after loop() while there is something to read.
__attribute__((weak)) void serialEvent();

#pragma GCC visibility push(default)

extern "C" {

void vphoton_app_setup() { setup(); }

void vphoton_app_loop() {
  loop();
  if (serialEvent && Serial.available()) serialEvent();
}

// Where the linker has put what is declared `retained`; both null when nothing is.
extern char __start_retained_user[] __attribute__((weak, visibility("hidden")));
extern char __stop_retained_user[] __attribute__((weak, visibility("hidden")));
void vphoton_retained_memory(void* begin, size_t size);

// Before every constructor and STARTUP code.
__attribute__((constructor(101))) static void vphoton_app_retained() {
  if (__start_retained_user != __stop_retained_user)
    vphoton_retained_memory(__start_retained_user, static_cast<size_t>(__stop_retained_user - __start_retained_user));
}

__attribute__((weak)) int vphoton_app_system_mode() { return DEFAULT; }

__attribute__((weak)) int vphoton_app_system_thread() { return DISABLED; }
}

#pragma GCC visibility pop
